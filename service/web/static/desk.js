// A few lines beside htmx; every page works without them.
(() => {
  "use strict";
  const status = document.getElementById("status");
  const say = (text) => { if (status) status.textContent = text; };

  // After a part of the page was swapped, the focus goes to what is new, so that a screen reader reads it.
  document.addEventListener("htmx:beforeRequest", () => say("Working…"));
  document.addEventListener("htmx:afterSwap", (event) => {
    const found = event.detail.target.querySelector("[data-focus]");
    if (found) found.focus();
    prepare(event.detail.target);
  });
  document.addEventListener("htmx:afterRequest", (event) => say(event.detail.successful ? "Done." : "That did not work."));
  document.addEventListener("htmx:sendError", () => say("The service cannot be reached."));

  // Buttons that only work with a script are shown by it.
  const prepare = (root) => {
    for (const button of root.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
    for (const button of root.querySelectorAll("[data-add]")) button.hidden = false;
  };
  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).value)
        .then(() => say("The link is copied."), () => say("The link could not be copied."));
    }
  });
  const first = document.querySelector("main [data-focus]");
  if (first && document.querySelector("#errors")) first.focus();
  prepare(document);
})();
