/** Fixed, so that what the interface keeps in the browser for this origin (notes) is found again. Spells HOPS. */
export const DEFAULT_PORT = 4677;

/** Ports tried after the default one. */
export const NEXT_PORTS = 20;
