/** The report that is being printed: the print style sheet shows it and nothing else. */
import type { Report } from "../../src-shared/report/report";
import { tick } from "svelte";
import { call } from "../bridge/engine";
import { holdIdle } from "../bridge/idle";

class Printing {
  report = $state.raw<Report | null>(null);

  /** Opens the system's print dialog, which also writes PDF files. */
  print(report: Report): Promise<void> {
    return this.#during(report, () => {
      window.print();
      return Promise.resolve();
    });
  }

  /** Desktop only. `path` is one that a save dialog gave. Rejected with a ContractError. */
  printToPdf(report: Report, path: string): Promise<void> {
    return this.#during(report, async () => void (await call("report.printToPdf", { path })));
  }

  async #during(report: Report, print: () => Promise<void>): Promise<void> {
    const release = holdIdle();
    this.report = report;
    document.documentElement.dataset["printing"] = "report";
    try {
      await tick();
      const pictures = [...document.querySelectorAll<HTMLImageElement>(".printed img")];
      await Promise.all(pictures.map((picture) => picture.decode().catch(() => undefined)));
      await print();
    } finally {
      delete document.documentElement.dataset["printing"];
      this.report = null;
      release();
    }
  }
}

export const printing = new Printing();
