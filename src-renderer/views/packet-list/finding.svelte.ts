/** What is being looked for, kept while the find bar is closed: Ctrl+N and Ctrl+B go on with it. */
class Finding {
  open = $state(false);
  query = $state("");
  /** Set by the find bar while it is there. */
  search: ((backwards: boolean) => void) | null = null;
}

export const finding = new Finding();
