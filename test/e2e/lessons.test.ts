/** The first lesson as a beginner meets it: from the welcome screen to its last step, by what is on the screen. */
import { afterAll, describe, expect, it } from "vitest";
import { expectAccessible } from "./support/axe";
import { type App, openApp } from "./support/app";
import { CHROMIUM, closeSharedChromium } from "./support/chromium";
import { docsPicture } from "./support/docs-pictures";

afterAll(closeSharedChromium);

async function answer(app: App, how: (lesson: ReturnType<App["page"]["getByRole"]>) => Promise<void>): Promise<void> {
  const lesson = app.page.getByRole("region", { name: /^Lesson/ });
  await how(lesson);
  await lesson.getByRole("button", { name: "Check" }).click();
  await app.idle();
}

describe.skipIf(CHROMIUM === undefined)("the first lesson", () => {
  it("can be finished by reading what is on the screen; wrong answers are told; progress stays", async () => {
    const app = await openApp("browser");
    const { page } = app;
    await page.getByRole("button", { name: "Start the first lesson" }).click();
    const lesson = page.getByRole("region", { name: /^Lesson/ });
    await lesson.getByRole("heading", { name: "Two nodes, many places to look" }).waitFor();
    // Away from the button that was clicked: no tooltip.
    await page.mouse.move(1, 1);
    await expectAccessible(app, "a lesson's step");
    const next = lesson.getByRole("button", { name: "Next" });
    const right = lesson.getByText("That is right");

    await next.click();
    await app.idle();
    await answer(app, () => lesson.getByLabel("Your answer").fill("3"));
    await lesson.getByText("Not what the packets say").waitFor();
    await answer(app, () => lesson.getByLabel("Your answer").fill("7"));
    await right.waitFor();

    await next.click();
    await app.idle();
    // The field it asks for is the one that is marked in the details.
    const marked = page.getByRole("tree", { name: /details/i }).getByRole("treeitem", { selected: true });
    const [address = ""] = /[\d.]+$/.exec((await marked.innerText()).trim()) ?? [];
    await answer(app, () => lesson.getByLabel("Your answer").fill(address));
    await right.waitFor();

    await next.click();
    await app.idle();
    await lesson.getByRole("radio", { name: /cni0.*→.*flannel\.1/ }).waitFor();
    await expectAccessible(app, "a question about hops");
    await docsPicture(app, "lesson-hops");
    await answer(app, () => lesson.getByRole("radio", { name: /cni0.*→.*flannel\.1/ }).check());
    await right.waitFor();

    await next.click();
    await answer(app, () => lesson.getByRole("radio", { name: "8080" }).check());
    await right.waitFor();

    await next.click();
    await app.idle();
    await answer(app, () => lesson.getByLabel("Your answer").fill("192.168.61.12"));
    await right.waitFor();

    await next.click();
    await app.idle();
    await answer(app, () =>
      page
        .getByRole("grid", { name: /packet/i })
        .getByText("10.96.10.20")
        .first()
        .click(),
    );
    await right.waitFor();

    await next.click();
    await lesson.getByRole("button", { name: "Finish" }).click();
    await lesson.getByText("You finished this lesson").waitFor();
    await page.getByRole("tab", { name: "Lessons", exact: true }).click();
    await page.getByRole("button", { name: /Follow one Service call.*done/ }).waitFor();
    await expectAccessible(app, "the course");
    await docsPicture(app, "lessons-1280-light");
    await app.close();
  });

  it("can be written: a step from what is selected, a question the engine answers, saved with the captures", async () => {
    const app = await openApp("browser", ["fixtures/service-vxlan-node1.pcapng"]);
    const { page } = app;
    await page.getByRole("tab", { name: "Lessons", exact: true }).click();
    await page.getByRole("button", { name: "Write a lesson" }).click();
    const lesson = page.getByRole("region", { name: /^Lesson/ });
    await lesson.getByLabel("Step", { exact: true }).fill("Look at the request");
    await lesson.getByLabel("Text (Markdown)").fill("The **GET** is here.");
    await page.getByRole("tab", { name: "Packets" }).click();
    await page
      .getByRole("grid", { name: /packet/i })
      .getByText("GET /orders HTTP/1.1")
      .first()
      .click();
    await app.idle();
    await lesson.getByRole("button", { name: "Use what is selected" }).click();
    await lesson.getByText(/tcp\.seq_raw == \d+/).waitFor();
    await lesson.getByLabel("Question").selectOption("number");
    await lesson.getByLabel("Ask").fill("How many requests were seen?");
    await lesson.getByLabel("Packets that match").fill("http.request.method");
    await lesson.getByRole("button", { name: "Keep and try it" }).click();
    await lesson.getByText("The engine answers: 4").waitFor();
    await expectAccessible(app, "the lesson editor");
    await app.screenshot("lessons/editor");
    await lesson.getByRole("button", { name: "Done editing" }).click();
    await answer(app, () => lesson.getByLabel("Your answer").fill("4"));
    await lesson.getByText("That is right").waitFor();
    expect(await lesson.locator("strong", { hasText: "GET" }).count()).toBe(1);
    await app.close();
  });
});
