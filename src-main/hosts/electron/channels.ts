/** Names of the two IPC channels between Electron's main process and the preload script; nothing else is listened to. */

/** Window → main: ToEngine. */
export const TO_ENGINE = "hopscope:to-engine";
/** Main → window: FromEngine. */
export const FROM_ENGINE = "hopscope:from-engine";
