"use strict";
// Filters, kept in the address as #source=A1&verdict=fail&text=...; without this script every claim is shown.
const form = document.querySelector(".filters");
const claims = [...document.querySelectorAll(".claim")];
const filters = ["source", "verdict", "text"];

function show() {
  const wanted = Object.fromEntries(filters.map((name) => [name, form.elements[name].value]));
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const claim of claims) {
    const { source, verdict, text } = claim.dataset;
    claim.hidden =
      (wanted.source && wanted.source !== source) ||
      (wanted.verdict && wanted.verdict !== verdict) ||
      !words.every((word) => text.includes(word));
  }
  for (const whole of document.querySelectorAll(".block, .part")) {
    whole.hidden = !whole.querySelector(".claim:not([hidden])");
  }
  const count = claims.filter((claim) => !claim.hidden).length;
  form.querySelector(".shown").textContent = `${count} of ${claims.length} claims shown`;
}

function remember() {
  const set = filters.filter((name) => form.elements[name].value).map((name) => [name, form.elements[name].value]);
  const hash = new URLSearchParams(set).toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

function readAddress() {
  const hash = location.hash.slice(1);
  const target = document.getElementById(hash);
  const given = new URLSearchParams(target ? "" : hash);
  if (!target || target.closest("[hidden]")) {
    for (const name of filters) form.elements[name].value = given.get(name) ?? "";
    show();
    if (target) target.scrollIntoView();
  }
}

async function copy(button) {
  const code = button.closest("details").querySelector("code");
  getSelection().selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected: copy it with Ctrl+C";
  }
}

// What must be scrolled sideways can be reached by the keyboard; the rest would only be in its way.
function reachFormulas() {
  for (const formula of document.querySelectorAll(".formula")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
}

form.addEventListener("input", () => { show(); remember(); });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => { show(); remember(); }));
addEventListener("hashchange", readAddress);
addEventListener("resize", reachFormulas);
for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

// Paper has no way to open what is closed.
const opened = new Set();
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details:not([open])")) {
    details.open = true;
    opened.add(details);
  }
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
  opened.clear();
});

form.hidden = false;
show();
readAddress();
reachFormulas();
