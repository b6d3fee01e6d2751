// What lies behind the cards: the raw request and response of a call, and every rule's verdict on it.

import { make } from "./cards.js";

const KINDS = { finding: "Spoke", undecided: "Could not look", silent: "Looked, and had nothing to say" };

export class Behind {
  constructor(panel) {
    this.exchanges = [];
    this.choice = panel.querySelector("#exchange");
    this.trace = panel.querySelector("#trace div");
    panel.querySelector("#trace").open = matchMedia("(min-width: 75rem)").matches;
    this.request = panel.querySelector("#request pre");
    this.response = panel.querySelector("#response pre");
    this.choice.addEventListener("change", () => this.#show(this.exchanges[this.choice.value]));
  }

  /** Take note of an exchange; a hook call is shown at once, feedback when it is chosen. */
  add(exchange) {
    const cards = exchange.response.cards;
    const said = cards ? `, ${cards.length} ${cards.length === 1 ? "card" : "cards"}` : "";
    this.exchanges.push(exchange);
    const index = this.exchanges.length - 1;
    this.choice.prepend(make("option", { value: index }, `${index + 1}. ${exchange.name}: ${exchange.status}${said}, ${exchange.ms} ms`));
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
    if (!exchange.request.hook) this.trace.replaceChildren(make("p", { class: "soft" }, "Feedback is kept; no rule looks at it."));
    else this.#explain(exchange);
  }

  async #explain(exchange) {
    exchange.explained ??= fetch("/demo/explain", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(exchange.request),
    }).then((reply) => reply.json());
    const found = await exchange.explained;
    if (this.shown === exchange) this.trace.replaceChildren(...explanation(found));
  }
}

function explanation(found) {
  const parts = Object.entries(KINDS).map(([kind, words]) => verdicts(words, found.verdicts.filter((one) => one.kind === kind)));
  const facts = make("table", {}, make("caption", {}, "What they saw"), ...found.facts.map((one) => make("tr", {}, make("th", { scope: "row" }, one.fact), make("td", {}, one.value))));
  const unread = found.unread.map((one) => make("li", {}, `${one.where}: ${one.reason}`));
  return [
    ...parts.flat(),
    ...(found.facts.length ? [facts] : [make("p", { class: "soft" }, "Nothing in this call concerns B12: no rule was asked.")]),
    ...(unread.length ? [make("h3", {}, "Not read"), make("ul", {}, ...unread)] : []),
  ];
}

function verdicts(words, listed) {
  if (!listed.length) return [];
  const rows = listed.flatMap((one) => [
    make("dt", {}, make("a", { href: `/rules/${one.rule}` }, one.title)),
    make("dd", {}, [one.why, ...Object.entries(one.facts ?? {}).map(([name, value]) => `${name}: ${value}`)].join("; "), ...evidence(one)),
  ]);
  return [make("h3", {}, `${words} (${listed.length})`), make("dl", {}, ...rows)];
}

function evidence(one) {
  const refs = one.evidence ?? [];
  const few = refs.slice(0, 3).join(", ") + (refs.length > 3 ? ` and ${refs.length - 3} more` : "");
  return refs.length ? [make("br"), make("span", { class: "mono" }, few)] : [];
}
