// The SMART app: reads the chart from the EHR, has our own server draw it, and keeps nothing.

import { readChart } from "./chart.js";
import { bindPicture } from "./picture.js";
import { bindPlan } from "./plan.js";

const place = document.getElementById("app");
const status = document.getElementById("status");
const { app, open, server } = place.dataset;
const PANEL = 17; // padding and border of a panel, in pixels
const address = new URL(location.href);

start().catch((fault) => fail(fault));

async function start() {
  const context = address.searchParams.get("appContext");
  const client = await connect();
  const patientId = client.patient.id;
  if (!patientId) throw new Error("no-patient");
  const chart = await readChart(client, patientId, JSON.parse(place.dataset.queries));
  if (!chart.patient) throw new Error("no-patient");
  const question = {
    app,
    request: {
      hook: "patient-view",
      hookInstance: "app",
      context: { patientId },
      prefetch: chart,
      extension: JSON.parse(place.dataset.extension),
    },
    view: { width: roomForPicture() },
    choices: {},
    rule: ruleOf(client.getState("tokenResponse.appContext") ?? context),
  };
  showPatient(chart.patient);
  await show(client, question);
}

/** Our own example patients are open to all; every other server asks for a token. */
async function connect() {
  if (open) {
    return window.FHIR.client({ serverUrl: server, tokenResponse: { patient: address.searchParams.get("patient") ?? "" } });
  }
  return window.FHIR.oauth2.ready();
}

/** What the card that the app was opened from named. */
function ruleOf(context) {
  try {
    const { rule } = typeof context === "string" ? JSON.parse(context) : context ?? {};
    return typeof rule === "string" ? rule : "";
  } catch {
    return "";
  }
}

/** Of the picture in its panel, before there is one. */
function roomForPicture() {
  return Math.max(status.clientWidth - 2 * PANEL, 1);
}

/** The name stays in the browser's own page: our server is sent the chart, but writes no name. */
function showPatient(patient) {
  const name = (patient.name ?? [])[0] ?? {};
  const words = name.text ?? [...(name.given ?? []), name.family].filter(Boolean).join(" ");
  const said = [words, patient.birthDate && `${place.dataset.bornWords} ${dayOf(patient.birthDate)}`].filter(Boolean).join(", ");
  document.querySelector("[data-patient]").textContent = said;
}

/** A whole day as the page's language writes it; English pages write it as FHIR does. */
function dayOf(text) {
  const { lang } = document.documentElement;
  if (lang === "en" || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  return new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(text));
}

async function show(client, question) {
  const parts = await ask("/smart/story", question, "text");
  place.replaceChildren(...parsed(parts));
  status.hidden = true;
  place.hidden = false;
  for (const one of place.querySelectorAll("[data-patient-copy]")) {
    one.textContent = document.querySelector("[data-patient]").textContent;
  }
  bindPicture(place.querySelector("figure"));
  bindBack(client, question);
  bindCopy();
  bindPlan(place, client, question, { ask, redraw: (changed) => redraw(client, changed) });
}

/** Only what changed is put in place, so that the focus stays where it is. */
async function redraw(client, question) {
  const fresh = parsed(await ask("/smart/story", question, "text"));
  for (const part of ["picture", "dates"]) {
    const found = fresh.map((one) => one.querySelector?.(`[data-part=${part}]`)).find(Boolean);
    place.querySelector(`[data-part=${part}]`).replaceWith(found);
  }
  bindPicture(place.querySelector("figure"));
}

function parsed(parts) {
  return [...new DOMParser().parseFromString(parts, "text/html").body.children].map((one) => document.importNode(one, true));
}

function bindBack(client, question) {
  const select = place.querySelector("[name=back]");
  select.addEventListener("change", () => {
    question.view = { width: place.querySelector("figure").clientWidth, back: Number(select.value) };
    redraw(client, question).catch(fail);
  });
}

function bindCopy() {
  const button = place.querySelector("[data-copy]");
  button.addEventListener("click", async () => {
    const rows = [...place.querySelectorAll("#table tr")].map((row) => [...row.cells].map((cell) => cell.textContent.trim()).join("\t"));
    await navigator.clipboard.writeText(rows.join("\n"));
    place.querySelector("[data-copied]").hidden = false;
  });
}

async function ask(path, question, form) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(question),
    credentials: "omit",
  });
  if (!response.ok) throw new Error(`service-${response.status}`);
  return response[form]();
}

function fail(fault) {
  const known = [...status.querySelectorAll("[data-fault]")];
  const said = known.find((one) => String(fault?.message).startsWith(one.dataset.fault)) ?? known.at(-1);
  for (const one of status.children) one.hidden = one !== said;
  status.hidden = false;
  said.hidden = false;
}
