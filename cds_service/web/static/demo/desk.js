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

/** An order in words. */
export function wordsOf(resource) {
  const name = resource.medicationCodeableConcept?.text ?? resource.code?.text ?? resource.title ?? resource.resourceType;
  const steps = (resource.dosageInstruction ?? []).map(wordsOfStep).filter(Boolean);
  return steps.length ? `${name}: ${steps.join("; then ")}` : name;
}

const UNITS = { d: "day", wk: "week", mo: "month", h: "hour", a: "year" };

/** One step of an order: its text, or what stands in its fields. */
export function wordsOfStep(step) {
  if (step.text) return step.text;
  const dose = step.doseAndRate?.[0]?.doseQuantity;
  const repeat = step.timing?.repeat ?? {};
  const said = [];
  if (dose) said.push(`${dose.value} ${dose.unit}`);
  if (step.route?.text ?? step.route?.coding?.[0]?.display) said.push(step.route.text ?? step.route.coding[0].display.toLowerCase());
  if (repeat.periodUnit) {
    const most = repeat.periodMax ? ` to ${repeat.periodMax}` : "";
    const unit = UNITS[repeat.periodUnit] + (repeat.period === 1 && !most ? "" : "s");
    const times = (repeat.frequency ?? 1) > 1 ? `${repeat.frequency} times ` : "";
    said.push(`${times}every ${repeat.period === 1 && !most ? "" : `${repeat.period}${most} `}${unit}`);
  }
  if (repeat.count) said.push(`${repeat.count} doses`);
  return said.join(", ");
}
