/** Opens an address in the person's browser, where there is a display to show one. */
import { spawn } from "node:child_process";

/** Whether a browser could be seen. */
export function hasDisplay(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: string = process.platform,
): boolean {
  if (platform === "win32" || platform === "darwin") return true;
  return Boolean(environment["DISPLAY"] || environment["WAYLAND_DISPLAY"]);
}

/** Never throws and does not wait: the address was printed, a person can open it by hand. No shell is involved. */
export function openBrowser(address: string, platform: string = process.platform): void {
  const [command, ...args] =
    platform === "win32"
      ? ["rundll32", "url.dll,FileProtocolHandler", address]
      : [platform === "darwin" ? "open" : "xdg-open", address];
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
