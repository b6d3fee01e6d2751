// What lies behind the cards: the raw request and response of a call, and every rule's verdict on it.

import { make, quoted } from "./cards.js";

const KINDS = ["finding", "undecided", "silent"];
const FEW = 3; // pieces of evidence that are named

export class Behind {
  constructor(panel, words) {
    this.words = words;
    this.exchanges = [];
    this.choice = panel.querySelector("#exchange");
    this.trace = panel.querySelector("#trace div");
    panel.querySelector("#trace").open = matchMedia("(min-width: 75rem)").matches;
    this.request = panel.querySelector("#request code");
    this.response = panel.querySelector("#response code");
    this.choice.addEventListener("change", () => this.#show(this.exchanges[this.choice.value]));
  }

  /** Take note of an exchange; a hook call is shown at once, feedback when it is chosen. */
  add(exchange) {
    const cards = exchange.response.cards;
    const { words } = this;
    const said = cards ? `, ${cards.length} ${cards.length === 1 ? words.card : words.cards}` : "";
    const name = words[exchange.name] ?? exchange.name;
    this.exchanges.push(exchange);
    const index = this.exchanges.length - 1;
    this.choice.prepend(make("option", { value: index }, `${index + 1}. ${name}: ${exchange.status}${said}, ${exchange.ms} ms`));
    const current = this.exchanges[this.choice.value];
    if (exchange.name === "feedback" && index > 0) return;
    if (exchange.name === "patient-view" && current && current !== exchange && current.name !== "patient-view") return;
    this.choice.value = index;
    this.#show(exchange);
  }

  #show(exchange) {
    this.shown = exchange;
    this.request.textContent = `POST ${exchange.address}\n\n${JSON.stringify(exchange.request, null, 1)}`;
    this.response.textContent = `${exchange.status}\n\n${JSON.stringify(exchange.response, null, 1)}`;
    if (!exchange.request.hook) this.trace.replaceChildren(make("p", { class: "soft" }, this.words.feedbackKept));
    else this.#explain(exchange);
  }

  async #explain(exchange) {
    exchange.explained ??= fetch("/demo/explain", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(exchange.request),
    }).then((reply) => reply.json());
    const found = await exchange.explained;
    if (this.shown === exchange) this.trace.replaceChildren(...explanation(found, this.words));
  }
}

function explanation(found, words) {
  const parts = KINDS.map((kind) => verdicts(found.verdicts.filter((one) => one.kind === kind), words[kind], words));
  const facts = make("table", {}, make("caption", {}, words.facts), ...found.facts.map(factElement));
  const unread = found.unread.map((one) => make("li", { lang: "en" }, `${one.where}: ${one.reason}`));
  return [
    ...parts.flat(),
    ...(found.facts.length ? [facts] : [make("p", { class: "soft" }, words.notB12)]),
    ...(unread.length ? [make("h3", {}, words.unread), make("ul", {}, ...unread)] : []),
  ];
}

function factElement({ fact, factLang, value, valueLang }) {
  return make("tr", {}, make("th", { scope: "row", lang: factLang }, fact), make("td", { lang: valueLang }, value));
}

function verdicts(listed, title, words) {
  if (!listed.length) return [];
  const rows = listed.flatMap((one) => [
    make("dt", {}, make("a", { href: `/rules/${one.rule}` }, one.title)),
    make("dd", {}, quoted(one.whyLang, one.why), ...facts(one), ...evidence(one, words)),
  ]);
  return [make("h3", {}, `${title} (${listed.length})`), make("dl", {}, ...rows)];
}

function facts(one) {
  const said = Object.entries(one.facts ?? {}).map(([name, value]) => `; ${name}: ${value}`);
  return said.length ? [quoted("en", said.join(""))] : [];
}

function evidence(one, words) {
  const refs = one.evidence ?? [];
  if (!refs.length) return [];
  const more = refs.length > FEW ? [` ${words.andMore.replace("{count}", refs.length - FEW)}`] : [];
  return [make("br"), make("span", { class: "mono", lang: "en" }, refs.slice(0, FEW).join(", ")), ...more];
}
