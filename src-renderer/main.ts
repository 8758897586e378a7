/** Starts the window: connects to the engine, reads the settings, shows the application. */
import { mount } from "svelte";
import "./app.css";
import App from "./app.svelte";
import { connect } from "./bridge/engine";
import { applyThemeHint } from "./ui/metrics.svelte";

applyThemeHint();
connect();
const target = document.getElementById("app");
if (target) mount(App, { target });
