/**
 * The tabs of the main area, in their order: what was where, then tables, then learning. A pane's component gets `active` (it is in front) and `argument` (of a tab that
 * was opened for something). It stays mounted once it was shown.
 */
import type { Component } from "svelte";
import PacketsScreen from "./packets-screen.svelte";
import type { PaneProps } from "./state/layout.svelte";
import type { IconName } from "./ui/icons";
import ConnectionsPane from "./views/connections/connections-pane.svelte";
import FindingsPane from "./views/findings/findings-pane.svelte";
import MapPane from "./views/map/map-pane.svelte";
import FollowPane from "./views/follow/follow-pane.svelte";
import LearnedPane from "./views/learned/learned-pane.svelte";
import NatPane from "./views/nat/nat-pane.svelte";
import ServicesPane from "./views/services/services-pane.svelte";
import NotesPane from "./views/notes/notes-pane.svelte";
import LearnPane from "./views/lessons/learn-pane.svelte";
import ConversationsPane from "./views/tables/conversations-pane.svelte";
import EndpointsPane from "./views/tables/endpoints-pane.svelte";
import ExpertPane from "./views/tables/expert-pane.svelte";
import FlowsPane from "./views/tables/flows-pane.svelte";
import HierarchyPane from "./views/tables/hierarchy-pane.svelte";
import NamesPane from "./views/tables/names-pane.svelte";
import TimelinePane from "./views/timeline/timeline-pane.svelte";

export interface Pane {
  /** The command "pane.<id>" brings it to the front. */
  readonly id: string;
  readonly title: string;
  readonly icon: IconName;
  readonly component: Component<PaneProps>;
  /** Only in tabs that are opened (layout.openTab) and closed again. */
  readonly extra?: boolean;
}

export const PANES: readonly Pane[] = [
  { id: "packets", title: "Packets", icon: "list", component: PacketsScreen },
  { id: "connections", title: "Connections", icon: "apply", component: ConnectionsPane },
  { id: "map", title: "Map", icon: "network", component: MapPane },
  { id: "services", title: "Services", icon: "cluster", component: ServicesPane },
  { id: "nat", title: "NAT", icon: "table", component: NatPane },
  { id: "findings", title: "Findings", icon: "finding", component: FindingsPane },
  { id: "timeline", title: "Timeline", icon: "capture", component: TimelinePane },
  { id: "notes", title: "Notes", icon: "note", component: NotesPane },
  { id: "flows", title: "Flows", icon: "table", component: FlowsPane },
  { id: "conversations", title: "Conversations", icon: "table", component: ConversationsPane },
  { id: "endpoints", title: "Endpoints", icon: "table", component: EndpointsPane },
  { id: "hierarchy", title: "Protocols", icon: "sort", component: HierarchyPane },
  { id: "expert", title: "Expert", icon: "warning", component: ExpertPane },
  { id: "learned", title: "Device tables", icon: "table", component: LearnedPane },
  { id: "learn", title: "Lessons", icon: "bookmark", component: LearnPane },
  { id: "names", title: "Resolved names", icon: "list", component: NamesPane, extra: true },
  { id: "follow", title: "Follow", icon: "follow", component: FollowPane, extra: true },
];
