/**
 * Paces a generated recording by a clock: what should have happened by now is written now.
 *
 * ```
 * clock ──► tick() ──► recording.advance(recording time) ──► write
 *              recording time = time since start, without pauses, times speed
 * ```
 */
import type { LiveControl } from "../../../src-shared/contract/live";
import type { GeneratedRecording } from "./generated-recording";
import type { GeneratorState } from "./recording";

/** At most so much of the recording is made in one turn, so that commands are heard where it is slower than the clock. */
const MOST_NS_A_TURN = 250e6;
/** A step ends also where nothing is sent any more. */
const MOST_EVENTS_A_STEP = 100_000;

export class GeneratorPace {
  private paused = false;
  private speed = 1;
  /** Recording time, nanoseconds, and the clock when it was that. */
  private atNs = 0;
  private clockMs: number;
  private over = false;

  constructor(
    private readonly recording: GeneratedRecording,
    private readonly write: (bytes: Uint8Array) => void,
    private readonly nowMs: () => number,
  ) {
    this.clockMs = nowMs();
    this.make(0);
  }

  /** Writes what has happened by now. False: nothing more will. */
  tick(): boolean {
    const now = this.nowMs();
    if (!this.paused) {
      const dueNs = this.atNs + (now - this.clockMs) * 1e6 * this.speed;
      this.make(Math.min(dueNs, this.atNs + MOST_NS_A_TURN * Math.max(1, this.speed)));
    }
    this.clockMs = now;
    if (this.recording.nextNs() === null) this.over = true;
    return !this.over;
  }

  control(control: LiveControl): void {
    // What happened before the command is made with what held before it.
    this.tick();
    switch (control.kind) {
      case "pause":
        this.paused = true;
        return;
      case "resume":
        this.paused = false;
        return;
      case "step": {
        this.paused = true;
        this.step();
        return;
      }
      case "speed":
        this.speed = control.factor;
        return;
      case "inject":
        this.recording.inject(control.choice);
        // What it makes at once is seen at once, also while time stands still.
        this.make(this.atNs);
    }
  }

  state(): GeneratorState {
    return { paused: this.paused, speed: this.speed, choices: this.recording.choices };
  }

  /** To the next packet: much that happens makes none (timers, what a machine thinks). */
  private step(): void {
    for (let event = 0; event < MOST_EVENTS_A_STEP; event++) {
      const next = this.recording.nextNs();
      if (next === null || this.make(Math.max(next, this.atNs))) return;
    }
  }

  /** Whether something was written. */
  private make(toNs: number): boolean {
    this.atNs = toNs;
    let written = false;
    for (const bytes of this.recording.advance(toNs)) {
      if (bytes.length === 0) continue;
      written = true;
      this.write(bytes);
    }
    return written;
  }
}
