/** The recording that tests of the joined views open: a call to a Service that two nodes recorded; and what is done with its tables. */
import { openTab } from "./actions";
import type { App } from "./app";

export const SERVICE_CALL: readonly string[] = [
  "fixtures/service-vxlan-node1.pcapng",
  "fixtures/service-vxlan-node2.pcapng",
];

/** Brings a table's tab to the front and clicks its first row, so that what it is about is shown below. */
export async function chooseFirstRow(app: App, tab: string, pane: string): Promise<void> {
  await openTab(app, tab);
  await app.page.locator(`[data-pane=${pane}] [data-row='0']`).click();
  await app.idle();
}
