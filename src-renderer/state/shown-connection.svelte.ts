/** Which connection the connections pane shows: what lessons and reports are made of. (annotations/jump.svelte.ts asks for one.) */

class ShownConnection {
  /** Id of the connection; null: none. */
  id = $state<string | null>(null);
}

export const shownConnection = new ShownConnection();
