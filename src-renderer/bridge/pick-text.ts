/** Lets a person choose a text file of theirs; in both hosts the window reads it itself. */
import { ContractError } from "../../src-shared/contract/messages";

export interface PickedText {
  readonly name: string;
  readonly text: string;
}

/** null: nothing was chosen. @throws ContractError "file" where it is too large or cannot be read */
export async function pickText(accept: string, mostBytes: number): Promise<PickedText | null> {
  const input = document.createElement("input");
  input.type = "file";
  input.accept = accept;
  const file = await new Promise<File | null>((chosen) => {
    input.onchange = () => chosen(input.files?.[0] ?? null);
    input.oncancel = () => chosen(null);
    input.click();
  });
  if (!file) return null;
  if (file.size > mostBytes)
    throw new ContractError("file", `${file.name}: ${file.size} bytes; at most ${mostBytes} are read`);
  try {
    return { name: file.name, text: await file.text() };
  } catch (error) {
    throw new ContractError("file", `${file.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
