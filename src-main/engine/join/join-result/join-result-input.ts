/** What the result of joining is read from. */
import type { Cluster } from "../../../../src-shared/model/cluster";
import type { KernelHandle } from "../../decode/pipeline";
import type { ApplicationMessages } from "../application-messages";
import type { Joined } from "../join";
import type { SightingColumns } from "../sighting-columns";
import type { NetworkTopology } from "../topology";

export interface JoinResultInput {
  readonly handle: KernelHandle;
  readonly columns: SightingColumns;
  readonly joined: Joined;
  readonly topology: NetworkTopology;
  readonly cluster: Cluster | undefined;
  readonly messages: ApplicationMessages;
  readonly fileOfPoint: readonly number[];
  /** First packet of each file, as an index over the workspace. */
  readonly firstPacketOfFile: readonly number[];
  readonly packets: number;
  readonly unseen: Readonly<Record<string, number>>;
}
