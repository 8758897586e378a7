/**
 * Says in one sentence why an input could not be opened and what to do about it, from what the system reported.
 */
export function openFailureMessage(error: unknown): string {
  switch (errorCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file or folder; check the spelling, or give the full path";
    case "EACCES":
    case "EPERM":
      return "it may not be read by this user; change its permissions, or run as a user who may read it";
    case "EISDIR":
      return "it is a folder; name the capture files in it";
    case "EMFILE":
    case "ENFILE":
      return "too many files are open; open fewer captures at once, or raise the limit (ulimit -n)";
    case "ELOOP":
      return "its symbolic links lead in a circle; give the path of the file itself";
    default:
      return `it cannot be opened (${error instanceof Error ? error.message : String(error)}); check that it can be read`;
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
