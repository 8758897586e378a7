/** Names of objects: "web-a" is in namespace default, "shop/web-a" in shop; everywhere inside they are written in full. */

/** "web-a" to "default/web-a". */
export function fullName(name: string): string {
  return name.includes("/") ? name : `default/${name}`;
}

export function namespaceOf(full: string): string {
  return full.slice(0, full.indexOf("/"));
}

export function baseOf(full: string): string {
  return full.slice(full.indexOf("/") + 1);
}

/** Whether all wanted labels are there. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Linux' limit for names of devices. */
const MAX_DEVICE_NAME = 15;

export function deviceName(name: string): string {
  return name.slice(0, MAX_DEVICE_NAME);
}
