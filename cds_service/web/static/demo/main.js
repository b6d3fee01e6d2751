// The demo EHR: opens the chart, asks the service as orders change, and does what is chosen on its cards.

import { byUrgency, cardElement, make, quoted } from "./cards.js";
import { Client } from "./cds.js";
import { Desk, partsOf, refOf } from "./desk.js";

const PAUSE = 350; // milliseconds without typing, after which a changed order is asked about
const session = JSON.parse(document.getElementById("session").textContent);
const { words } = session;
const byId = (id) => document.getElementById(id);
const status = byId("status");
const form = byId("order");
const desk = new Desk(session);
const lists = { chart: [], orders: [] };
const overridden = new Map();
const told = new Set(); // advice that an order's card gives, with its correction: the chart's need not repeat it
const waiting = [];
let behind = { add: (exchange) => waiting.push(exchange) };
let fields = null;
let asking = 0;
let checked = ""; // the drafts to which order-sign had nothing more to say
const client = new Client(session, (exchange) => behind.add(exchange));

// The first calls go out before what the form and the side panel need has come.
document.querySelector(".patients [aria-current]").scrollIntoView({ block: "nearest", inline: "nearest" });
openChart();
if (desk.drafts.size) askAbout("order-select");
Promise.all([import("./order.js"), import("./behind.js")]).then(([order, { Behind }]) => {
  behind = new Behind(document.querySelector(".behind"), words);
  waiting.splice(0).forEach((exchange) => behind.add(exchange));
  fields = order;
  fields.prepare(form, session);
  showOrders();
  listen();
});

async function openChart() {
  await ask("chart", "patient-view", {});
}

async function askAbout(hook) {
  const selections = desk.chosen ? [desk.chosen] : [...desk.drafts.keys()];
  return ask("orders", hook, hook === "order-select" ? { selections, ...desk.context } : desk.context);
}

/** Ask, and show what comes unless a newer question has been asked meanwhile. Returns whether it came. */
async function ask(list, hook, context) {
  asking += 1;
  const turn = asking;
  lists[`${list}Turn`] = turn;
  say(words.asking);
  try {
    const cards = await client.call(hook, context);
    if (lists[`${list}Turn`] !== turn) return false;
    lists[list] = cards.map((card) => ({ hook, list, card })).filter((shown) => !overridden.has(keyOf(shown.card)));
    showCards();
    return true;
  } catch (fault) {
    say(`${words.noAnswer} `, quoted("en", fault.message));
    return false;
  }
}

/** The same advice, however often it comes: its rule and what it is about. */
function keyOf(card) {
  const trace = card.extension?.["org.cobalamin-cds.trace"] ?? {};
  return `${card.source.topic?.code} ${trace.variant} ${trace.evidence?.[0]}`;
}

function say(...parts) {
  status.replaceChildren(...parts);
}

function showCards() {
  for (const { card } of lists.orders) told.add(keyOf(card));
  const chart = lists.chart.filter(({ card }) => !told.has(keyOf(card)));
  const count = chart.length + lists.orders.length;
  say(count ? `${count} ${count === 1 ? words.card : words.cards}` : words.noCards);
  byId("cards").replaceChildren(...group(words.onOrder, lists.orders), ...group(words.onOpening, chart));
}

function group(title, shown) {
  const elements = shown.toSorted(byUrgency).map((one) => cardElement(one, session, { accept, override }));
  return elements.length ? [make("h3", {}, title), ...elements] : [];
}

function drop(shown) {
  lists[shown.list] = lists[shown.list].filter((one) => one !== shown);
  showCards();
}

async function accept(shown, suggestion) {
  const { card, hook } = shown;
  tell(hook, { card: card.uuid, outcome: "accepted", acceptedSuggestions: [{ id: suggestion.uuid }] });
  drop(shown);
  desk.apply(suggestion.actions ?? []);
  showOrders();
  form.classList.remove("changed");
  requestAnimationFrame(() => form.classList.add("changed"));
  (desk.drafts.size ? byId("sign") : byId("new")).focus();
  if (!desk.drafts.size) lists.orders = [];
  else await askAbout(hook === "order-sign" ? hook : "order-select");
}

function override(shown, overrideReason) {
  const { card, hook } = shown;
  const said = overrideReason.reason || overrideReason.userComment;
  tell(hook, { card: card.uuid, outcome: "overridden", ...(said && { overrideReason }) });
  const why = [overrideReason.reason?.display, overrideReason.userComment].filter(Boolean).join("; ");
  overridden.set(keyOf(card), `${words.overridden}: ${card.summary}${why ? ` (${why})` : ""}`);
  byId("overridden").replaceChildren(make("ul", {}, ...[...overridden.values()].map((said) => make("li", {}, said))));
  drop(shown);
  byId("advice-title").focus();
}

function tell(hook, item) {
  client.feedback(hook, item).catch((fault) => say(`${words.feedbackLost} `, quoted("en", fault.message)));
}

function showOrders() {
  if (!fields) return;
  byId("fields").hidden = byId("sign").hidden = byId("remove").hidden = !desk.drafts.size;
  const simple = fields.show(form, desk.current, session);
  for (const name of ["product", "dose", "unit", "route", "every", "per", "count", "text"]) form[name].disabled = !simple;
  byId("steps").hidden = simple;
  if (!simple) byId("steps").replaceChildren(fields.stepsElement(desk.current, words));
  byId("sign").textContent = desk.drafts.size > 1 ? words.signMany.replace("{count}", desk.drafts.size) : words.sign;
  showDrafts();
  const signed = desk.signed.map((one) => make("li", {}, `${one.resourceType === "CarePlan" ? words.saved : words.signed}: `, ...said(one)));
  byId("signed").replaceChildren(...(signed.length ? [make("ul", { class: "done" }, ...signed)] : []));
}

/** An order in words, each part in its language. */
function said(resource) {
  return partsOf(resource, words).map(({ text, lang }) => quoted(lang, text));
}

function showDrafts() {
  const listed = [...desk.drafts.values()].map((draft) => {
    const pick = () => { desk.chosen = refOf(draft); showOrders(); };
    return make("li", {}, make("button", { type: "button", "aria-pressed": String(refOf(draft) === desk.chosen), onclick: pick }, ...said(draft)));
  });
  byId("drafts").hidden = listed.length < 2;
  byId("drafts").replaceChildren(...listed);
}

let timer = 0;
let ownWords = false;

function listen() {
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => { event.preventDefault(); sign(); });
  byId("new").addEventListener("click", begin);
  byId("remove").addEventListener("click", remove);
}

function changed(event) {
  if (event.target.name === "text") ownWords = Boolean(form.text.value.trim());
  if (event.target.name === "product") fields.followProduct(form, session.products);
  if (event.target.name === "dose") fields.checkDose(form, words);
  if (!ownWords) form.text.value = fields.directions(form);
  desk.put(fields.read(form, desk.current, session));
  byId("sign").hidden = byId("remove").hidden = false;
  showDrafts();
  clearTimeout(timer);
  timer = setTimeout(() => askAbout("order-select"), PAUSE);
}

function begin() {
  clearTimeout(timer);
  desk.chosen = null;
  ownWords = false;
  showOrders();
  byId("fields").hidden = false;
  form.product.focus();
}

async function remove() {
  clearTimeout(timer);
  desk.remove(desk.chosen ?? [...desk.drafts.keys()].at(-1));
  ownWords = false;
  lists.orders = [];
  told.clear();
  showOrders();
  showCards();
  byId("new").focus();
  if (desk.drafts.size) await askAbout("order-select");
}

/** The first click asks; what has been asked about, and is signed again unchanged, is signed whatever was said. */
async function sign() {
  clearTimeout(timer);
  if (!desk.drafts.size) return;
  const drafts = JSON.stringify(desk.context);
  if (checked !== drafts) {
    checked = "";
    if (!(await askAbout("order-sign")) || drafts !== JSON.stringify(desk.context)) return;
    checked = drafts;
    if (lists.orders.length) {
      say(`${status.textContent}. ${words.notSigned}`);
      byId("sign").textContent = words.signAsItIs;
      return;
    }
  }
  desk.sign();
  checked = "";
  lists.orders = [];
  showOrders();
  await openChart();
}
