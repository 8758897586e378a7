/** The analysis thread: joins the captures, then answers until it is stopped. See analysis-host.ts. */
import { parentPort, workerData } from "node:worker_threads";
import { ContractError } from "../../../src-shared/contract/messages";
import { Analysis } from "./analysis";
import type { AnalysisData, AnalysisQuestion, FromAnalysis } from "./analysis-messages";

const port = parentPort;
if (!port) throw new Error("analysis-thread.js is a worker: it is started by AnalysisHost");
const tell = (message: FromAnalysis): void => port.postMessage(message);
const questions: AnalysisQuestion[] = [];
let analysis: Analysis | undefined;

async function answer({ id, method, params, conntrackFiles }: AnalysisQuestion): Promise<void> {
  if (!analysis) return;
  try {
    analysis.useConntrack(conntrackFiles);
    const progress = (done: number, total: number, text: string): void =>
      tell({ kind: "working", id, done, total, text });
    tell({ kind: "answer", id, ok: true, value: await analysis.answer(method, params, progress) });
  } catch (error) {
    const known = error instanceof ContractError;
    tell({
      kind: "answer",
      id,
      ok: false,
      code: known ? error.code : "internal",
      message: error instanceof Error ? error.message : String(error),
      detail: known ? error.detail : null,
    });
  }
}

port.on("message", (question: AnalysisQuestion) => {
  if (analysis) void answer(question);
  else questions.push(question);
});

try {
  analysis = await Analysis.run(workerData as AnalysisData, (done, text) =>
    tell({ kind: "progress", done, total: 0, text }),
  );
  tell({ kind: "ready", problems: analysis.problems });
  for (const question of questions.splice(0)) void answer(question);
  // Who opens one joined view opens others: what they need is made while nothing is asked.
  const prepare = (): void => {
    if (analysis && !analysis.prepare()) setImmediate(prepare);
  };
  setImmediate(prepare);
} catch (error) {
  tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  port.close();
}
