/** Packets that can be marked or ignored: a window keeps them over a reload, and each new list is told of them. */
export const MOST_CHOSEN = 100_000;
