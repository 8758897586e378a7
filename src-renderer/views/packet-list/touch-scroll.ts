/**
 * Scrolling by finger: the list follows it, and glides on when it leaves.
 *
 * ```
 * speed in rows/ms, halved every 250 ms ─► onmove(rows)
 * ```
 */
import { holdIdle } from "../../bridge/idle";

const HALF_LIFE_MS = 250;
/** Slower than this is standing still. */
const LEAST_PX_PER_MS = 0.02;
const MAX_PX_PER_MS = 8;

/** `onmove` gets pixels. Returns what takes the listeners away. */
export function touchScroll(element: HTMLElement, onmove: (px: number) => void, isStill: () => boolean): () => void {
  let lastPx = 0;
  let lastMs = 0;
  let speed = 0;
  let finger: number | null = null;
  let frame = 0;
  let release: (() => void) | null = null;

  const stop = (): void => {
    cancelAnimationFrame(frame);
    release?.();
    release = null;
  };
  const down = (event: PointerEvent): void => {
    if (event.pointerType !== "touch" || finger !== null) return;
    stop();
    finger = event.pointerId;
    lastPx = event.clientY;
    lastMs = event.timeStamp;
    speed = 0;
  };
  const move = (event: PointerEvent): void => {
    if (event.pointerId !== finger) return;
    const px = lastPx - event.clientY;
    const ms = Math.max(1, event.timeStamp - lastMs);
    speed = Math.max(-MAX_PX_PER_MS, Math.min(MAX_PX_PER_MS, 0.7 * (px / ms) + 0.3 * speed));
    lastPx = event.clientY;
    lastMs = event.timeStamp;
    onmove(px);
  };
  const up = (event: PointerEvent): void => {
    if (event.pointerId !== finger) return;
    finger = null;
    if (isStill() || Math.abs(speed) < LEAST_PX_PER_MS || event.timeStamp - lastMs > 100) return;
    release = holdIdle();
    let before = performance.now();
    const glide = (now: number): void => {
      const ms = Math.min(64, now - before);
      before = now;
      onmove(speed * ms);
      speed *= 0.5 ** (ms / HALF_LIFE_MS);
      if (Math.abs(speed) < LEAST_PX_PER_MS) stop();
      else frame = requestAnimationFrame(glide);
    };
    frame = requestAnimationFrame(glide);
  };
  const listeners: [string, (event: PointerEvent) => void][] = [
    ["pointerdown", down],
    ["pointermove", move],
    ["pointerup", up],
    ["pointercancel", up],
  ];
  for (const [name, listener] of listeners) element.addEventListener(name, listener as EventListener);
  return () => {
    stop();
    for (const [name, listener] of listeners) element.removeEventListener(name, listener as EventListener);
  };
}
