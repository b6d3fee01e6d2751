// Cards as an EHR shows them: urgency in words and colour, Markdown without HTML, suggestions, overriding, links.

import { launchAddress } from "./cds.js";

const RANK = { critical: 0, warning: 1, info: 2 };
const written = import("../vendor/markdown-it/markdown-it.esm.min.mjs").then(
  ({ default: MarkdownIt }) => new MarkdownIt({ html: false, linkify: false }).disable("image"),
);

export const byUrgency = (one, other) => RANK[one.card.indicator] - RANK[other.card.indicator];

/** An element with attributes (those that start with "on" are listeners) and children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Words that stay in the language that they came in. */
export const quoted = (lang, ...children) => make("span", { lang }, ...children);

/** One card. `shown` is {hook, card}; `accept(shown, suggestion)` and `override(shown, reason)` are called on a click. */
export function cardElement(shown, session, { accept, override }) {
  const { card } = shown;
  const { words } = session;
  const lang = card.extension?.["org.cobalamin-cds.trace"]?.language ?? "en";
  const title = make("h4", {}, make("span", { class: "word" }, words[card.indicator]), quoted(lang, card.summary));
  const detail = make("div", { class: "detail", lang }, card.detail ?? "");
  written.then((markdown) => { detail.innerHTML = markdown.render(card.detail ?? ""); });
  const buttons = (card.suggestions ?? []).map((one) =>
    make("button", { type: "button", lang, class: one.isRecommended ? "primary" : "", onclick: () => accept(shown, one) }, one.label),
  );
  const links = (card.links ?? []).map((link) => linkElement(link, lang, session));
  return make(
    "article",
    { class: "card", "data-indicator": card.indicator, "data-rule": card.source.topic?.code, "data-hook": shown.hook },
    title,
    detail,
    make("p", { class: "source" }, `${words.source}: `, quoted("en", card.source.label)),
    make("div", { class: "actions" }, ...buttons, ...links, overriding(shown, words, override)),
  );
}

function overriding(shown, words, override) {
  const { uuid, overrideReasons: reasons = [] } = shown.card;
  const choice = make("select", { name: "reason", id: `reason-${uuid}` }, make("option", { value: "" }, words.noReason));
  reasons.forEach((reason, index) => choice.append(make("option", { value: index }, reason.display)));
  const comment = make("input", { name: "comment", id: `comment-${uuid}`, maxlength: 500 });
  const form = make(
    "form",
    { class: "override", autocomplete: "off" },
    make("p", {}, make("label", { for: choice.id }, words.reason), choice),
    make("p", {}, make("label", { for: comment.id }, words.comment), comment),
    make("p", {}, make("button", {}, words.override)),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { code, system, display } = reasons[choice.value] ?? {};
    override(shown, { reason: code && { code, system, display }, userComment: comment.value.trim() || undefined });
  });
  return make("details", {}, make("summary", {}, words.overrideOpen), form);
}

/** A SMART link waits for its launch, so that a click opens it at once. */
function linkElement(link, lang, session) {
  const element = make("a", { class: "button", target: "_blank", rel: "noopener" }, quoted(lang, link.label));
  if (link.type !== "smart") element.href = link.url;
  else {
    element.setAttribute("aria-disabled", "true");
    launchAddress(link, session).then(
      (address) => { element.href = address; element.removeAttribute("aria-disabled"); },
      () => { element.append(` ${session.words.notLaunched}`); },
    );
  }
  return element;
}
