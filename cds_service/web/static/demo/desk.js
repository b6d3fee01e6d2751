// The orders being written, those signed in this page, and how a suggestion changes them.

const ORDERS = { MedicationRequest: "medicationRequests", ServiceRequest: "serviceRequests" };
const KEPT = { ...ORDERS, CarePlan: "carePlans" };
const SEQUENCE = ["delete", "create", "update"];

export const refOf = (resource) => `${resource.resourceType}/${resource.id}`;

export class Desk {
  constructor(session) {
    this.session = session;
    this.drafts = new Map();
    this.chosen = null;
    this.signed = [];
    this.count = 1;
    if (session.order) this.put(session.order);
  }

  /** The draft in the form, if there is one. */
  get current() {
    return this.drafts.get(this.chosen) ?? null;
  }

  /** Put a draft on the desk, in place of one with the same id, and choose it. */
  put(resource) {
    const draft = resource.id ? resource : { ...resource, id: this.#freshId(resource.resourceType) };
    this.drafts.set(refOf(draft), draft);
    this.chosen = refOf(draft);
  }

  remove(ref) {
    this.drafts.delete(ref);
    if (this.chosen === ref) this.chosen = [...this.drafts.keys()].at(-1) ?? null;
  }

  /** What the actions of an accepted suggestion ask for: deletions, then creations, then updates by whole resources. */
  apply(actions) {
    for (const type of SEQUENCE) {
      for (const action of actions.filter((one) => one.type === type)) {
        if (type === "delete") this.remove(action.resourceId);
        else if (action.resource.resourceType in ORDERS) this.put(action.resource);
        else this.#keep({ ...action.resource, id: action.resource.id ?? this.#freshId("kept"), status: "active" });
      }
    }
  }

  /** The context of the order hooks. */
  get context() {
    const entry = [...this.drafts.values()].map((resource) => ({ resource }));
    return { draftOrders: { resourceType: "Bundle", type: "collection", entry } };
  }

  /** All drafts become orders in force, and so part of the chart as it is sent from now on. */
  sign() {
    for (const draft of this.drafts.values()) this.#keep({ ...draft, status: "active", authoredOn: this.session.today });
    this.drafts.clear();
    this.chosen = null;
  }

  #keep(resource) {
    const bundle = this.session.prefetch[KEPT[resource.resourceType]];
    if (bundle) {
      bundle.entry = [...(bundle.entry ?? []), { resource, search: { mode: "match" } }];
      bundle.total = bundle.entry.length;
    }
    this.signed.push(resource);
  }

  #freshId(kind) {
    let id;
    do {
      this.count += 1;
      id = `draft-${this.count}`;
    } while (this.drafts.has(`${kind}/${id}`));
    return id;
  }
}

/** An order as parts, each {text, lang}: the chart's own words, and steps said in the page's. */
export function partsOf(resource, words) {
  const name = resource.medicationCodeableConcept?.text ?? resource.code?.text ?? resource.title ?? resource.resourceType;
  const steps = (resource.dosageInstruction ?? []).map((step) => partOf(step, words)).filter((one) => one.text);
  const parts = steps.flatMap((one, index) => {
    const [before, after] = index ? words.schedule.then.split("{next}") : ["", ""];
    return [{ text: `${index ? "; " : ": "}${before}` }, one, { text: after }];
  });
  return [{ text: name, lang: "en" }, ...parts].filter((one) => one.text);
}

/** One step of an order: its text, which is the chart's, or what stands in its fields. */
export function partOf(step, words) {
  if (step.text) return { text: step.text, lang: "en" };
  const dose = step.doseAndRate?.[0]?.doseQuantity;
  const repeat = step.timing?.repeat ?? {};
  const route = step.route?.coding?.find((one) => one.code in words.routes)?.code;
  const said = [];
  if (dose) said.push(`${number(dose.value)} ${words.units[dose.unit] ?? dose.unit}`);
  if (route) said.push(words.routes[route].toLowerCase());
  if (repeat.periodUnit) said.push(schedule(repeat, words.schedule));
  if (repeat.count) said.push(`${repeat.count} ${words.schedule.dose[repeat.count === 1 ? 0 : 1]}`);
  return { text: said.join(", ") };
}

/** With the decimal sign of the page's language, and nothing between thousands. */
export function number(value) {
  return value.toLocaleString(document.documentElement.lang, { useGrouping: false, maximumFractionDigits: 20 });
}

function schedule(repeat, said) {
  const { frequency = 1, period = 1, periodMax = period, periodUnit } = repeat;
  const single = period === 1 && periodMax === 1;
  const range = period === periodMax ? number(period) : fill(said.span, { low: number(period), high: number(periodMax) });
  const span = `${range} ${said.units[periodUnit][single ? 0 : 1]}`;
  if (frequency === 1) return single ? said.each[periodUnit] : fill(said.every, { span });
  const times = said.times[frequency] ?? fill(said.often, { times: number(frequency) });
  return `${times} ${single ? said.within[periodUnit] : fill(said.withinMany, { span })}`;
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
