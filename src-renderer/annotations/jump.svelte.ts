/** A connection that a note (or a lesson) points at: the connections pane shows it when it is (or comes) in front. */
import type { PacketId } from "../../src-shared/contract/results";

export interface ConnectionJump {
  readonly connection: string;
  /** Packet of one of its journeys; null: the connection as a whole. */
  readonly packet: PacketId | null;
}

class Jump {
  connection = $state.raw<ConnectionJump | null>(null);

  /** What is wanted, once. */
  take(): ConnectionJump | null {
    const wanted = this.connection;
    this.connection = null;
    return wanted;
  }
}

export const jump = new Jump();
