"use strict";
// Filters, kept in the address as #source=A1&verdict=fail&text=...; without this script every claim is there.
const form = document.querySelector(".filters");
const claims = [...document.querySelectorAll(".claim")];
const filters = ["source", "verdict", "dataset", "evidence", "text"];
const WORST_FIRST = ["fail", "open", "pass"];
const SAID = { pass: "holds", open: "is open", fail: "fails" };

// Of one data set alone: its cells, and the verdict by them.
function narrowTo(claim, dataset) {
  const rows = [...claim.querySelectorAll(".cells tbody tr")];
  for (const row of rows) row.hidden = Boolean(dataset) && row.dataset.set !== dataset;
  const there = rows.filter((row) => !row.hidden).map((row) => row.dataset.verdict);
  const verdict = dataset ? WORST_FIRST.find((each) => there.includes(each)) : claim.dataset.verdict;
  claim.querySelector(".there").textContent = dataset && verdict ? `on ${dataset}: ${SAID[verdict]}` : "";
  return verdict;
}

function show() {
  const wanted = Object.fromEntries(filters.map((name) => [name, form.elements[name].value]));
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const claim of claims) {
    const { source, evidence, sets, text } = claim.dataset;
    const verdict = narrowTo(claim, wanted.dataset);
    claim.hidden =
      (wanted.dataset && !sets.split(" ").includes(wanted.dataset)) ||
      (wanted.verdict && wanted.verdict !== verdict) ||
      (wanted.source && wanted.source !== source) ||
      (wanted.evidence && wanted.evidence !== evidence) ||
      !words.every((word) => text.includes(word));
  }
  for (const whole of document.querySelectorAll(".block, .part")) {
    whole.hidden = !whole.querySelector(".claim:not([hidden])");
  }
  const count = claims.filter((claim) => !claim.hidden).length;
  form.querySelector(".shown").textContent = count
    ? `${count} of ${claims.length} claims shown`
    : `none of ${claims.length} claims matches`;
  document.querySelector(".none").hidden = count > 0;
}

function remember() {
  const set = filters.filter((name) => form.elements[name].value).map((name) => [name, form.elements[name].value]);
  const hash = new URLSearchParams(set).toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

// A link to a claim unfolds it, whatever the filters hide.
function readAddress() {
  const hash = location.hash.slice(1);
  const target = document.getElementById(hash);
  const given = new URLSearchParams(target ? "" : hash);
  if (!target || target.closest("[hidden]")) {
    for (const name of filters) form.elements[name].value = given.get(name) ?? "";
    show();
  }
  if (target?.matches(".claim")) target.open = true;
  if (target) target.scrollIntoView();
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

// What must be scrolled sideways says so, and can be reached by the keyboard; the rest would only be in its way.
function markFormulas() {
  for (const formula of document.querySelectorAll(".claim[open] .formula")) {
    const wide = formula.scrollWidth > formula.clientWidth;
    formula.parentElement.classList.toggle("more", wide);
    if (wide) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  }
}

function press(button, pressed, words) {
  button.setAttribute("aria-pressed", pressed);
  button.textContent = words[Number(pressed)];
}

form.addEventListener("input", () => { show(); remember(); });
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", () => setTimeout(() => { show(); remember(); }));
document.querySelector(".reset").addEventListener("click", () => { form.reset(); form.elements.text.focus(); });
addEventListener("hashchange", readAddress);
addEventListener("resize", () => { markFormulas(); offerToEnlarge(); });
for (const claim of claims) claim.addEventListener("toggle", markFormulas);
for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
// A figure that is shown smaller than it is drawn can be enlarged.
function offerToEnlarge() {
  for (const button of document.querySelectorAll(".enlarge[aria-pressed=false]")) {
    const figure = button.closest("figure").querySelector("img");
    button.hidden = figure.clientWidth >= 0.95 * figure.getAttribute("width");
  }
}

for (const button of document.querySelectorAll(".enlarge")) {
  button.addEventListener("click", () => {
    press(button, button.closest(".block").classList.toggle("wide"), ["Enlarge", "Beside the claims"]);
  });
}
const unfold = form.querySelector(".unfold");
unfold.addEventListener("click", () => {
  const open = unfold.getAttribute("aria-pressed") === "false";
  for (const claim of claims) claim.open = open;
  press(unfold, open, ["Unfold all", "Fold all"]);
});

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
offerToEnlarge();
readAddress();
