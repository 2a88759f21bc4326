// The page of experiments, loaded again every few seconds: the server draws all of it.

import { byId } from "./dom.js";
import { follow, header } from "./live.js";

const EVERY_MS = 5000;

async function load() {
  try {
    const reply = await fetch("/experiments");
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    const found = page.getElementById("experiments");
    if (found && found.innerHTML !== byId("experiments").innerHTML) byId("experiments").replaceWith(document.adoptNode(found));
  } catch {
    // The head of the page says that there is no connection.
  }
}

follow(() => header());
setInterval(load, EVERY_MS);
