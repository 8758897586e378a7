/** Names of spooled input in the scratch folder. */
export function spoolPrefix(): string {
  return `spool-${process.pid}-`;
}

/** @param serial generation of the workspace */
export function spoolName(serial: number, file: number): string {
  return `${spoolPrefix()}${serial}-${file}`;
}
