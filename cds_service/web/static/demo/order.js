// The order form: from a draft into its fields, and from the fields into the draft.

import { make } from "./cards.js";
import { number, partOf } from "./desk.js";

const UCUM = "http://unitsofmeasure.org";
const SNOMED = "http://snomed.info/sct";
export const UNITS = { mcg: "ug", mg: "mg", g: "g", mL: "mL", tablet: "{tbl}" };
const ROUTES = {
  78421000: ["Intramuscular route", "Intramuscular", "Inject", "intramuscularly"],
  34206005: ["Subcutaneous route", "Subcutaneous", "Inject", "subcutaneously"],
  26643006: ["Oral route", "Oral", "Take", "by mouth"],
  37839007: ["Sublingual route", "Sublingual", "Dissolve", "under the tongue"],
  46713006: ["Nasal route", "Nasal", "Give", "into the nose"],
  47625008: ["Intravenous route", "Intravenous", "Infuse", "intravenously"],
};
const PERIODS = { d: ["day", "days"], wk: ["week", "weeks"], mo: ["month", "months"] };
const FORM_ROUTE = { injection: "78421000", oral: "26643006", sublingual: "37839007" };
const AS_IT_IS = "as-it-is";
const AMBIGUOUS = /^[1-9]\d{0,2}[.,]\d{3}$/; // one to some readers, a thousand to others

/** Fill the menus once. */
export function prepare(form, { products, words }) {
  form.unit.append(make("option", { value: "" }, ""), ...Object.keys(UNITS).map((unit) => make("option", { value: unit }, words.units[unit] ?? unit)));
  form.route.append(
    make("option", { value: "" }, ""),
    ...Object.keys(ROUTES).map((code) => make("option", { value: code }, words.routes[code])),
  );
  form.product.append(
    make("option", { value: "" }, words.chooseProduct),
    ...products.map((one) => make("option", { value: one.code }, one.label)),
  );
}

/** Show a draft (or nothing) in the form. Returns whether the form can change it. */
export function show(form, draft, { products, words }) {
  const step = draft?.dosageInstruction?.[0] ?? {};
  const dose = step.doseAndRate?.[0]?.doseQuantity ?? {};
  const repeat = step.timing?.repeat ?? {};
  showProduct(form, draft, products, words);
  form.dose.value = dose.value == null ? "" : number(dose.value);
  form.dose.setCustomValidity("");
  form.unit.value = Object.keys(UNITS).find((unit) => unit === dose.unit || UNITS[unit] === dose.code) ?? "";
  form.route.value = step.route?.coding?.find((one) => one.code in ROUTES)?.code ?? "";
  const once = repeat.count === 1;
  form.every.value = once || repeat.period == null ? "" : number(repeat.period);
  form.per.value = once ? "once" : repeat.periodUnit ?? "";
  form.count.value = once ? "" : repeat.count ?? "";
  form.text.value = step.text ?? "";
  return !draft || isSimple(draft);
}

/** One step, with nothing in it that the form has no field for. */
function isSimple(draft) {
  const steps = draft.dosageInstruction ?? [];
  const repeat = steps[0]?.timing?.repeat ?? {};
  const plain = (repeat.frequency ?? 1) === 1 && !repeat.periodMax && !repeat.boundsDuration && !repeat.boundsPeriod;
  return draft.resourceType === "MedicationRequest" && steps.length <= 1 && plain;
}

/** The steps of a draft that the form cannot change, as a list. */
export function stepsElement(draft, words) {
  const steps = (draft.dosageInstruction ?? []).map((step) => {
    const { text, lang } = partOf(step, words);
    return make("li", { lang }, text);
  });
  return make("div", {}, make("p", {}, words.tooMuch), make("ol", {}, ...steps));
}

function showProduct(form, draft, products, words) {
  form.product.querySelector(`[value="${AS_IT_IS}"]`)?.remove();
  const concept = draft?.medicationCodeableConcept ?? draft?.code;
  const known = products.find((one) => concept?.coding?.some((coding) => coding.code === one.code));
  if (concept && !known) form.product.prepend(make("option", { value: AS_IT_IS, lang: concept.text && "en" }, concept.text ?? words.asInOrder));
  form.product.value = known?.code ?? (concept ? AS_IT_IS : "");
}

/** A product brings its own route and unit. */
export function followProduct(form, products) {
  const product = products.find((one) => one.code === form.product.value);
  if (!product) return;
  form.route.value = FORM_ROUTE[product.form] ?? form.route.value;
  if (product.form !== "injection") form.unit.value = "tablet";
  else if (form.unit.value === "tablet" || !form.unit.value) form.unit.value = "mcg";
}

/** A dose that may be read as one or as a thousand is refused, not guessed at. */
export function checkDose({ dose }, words) {
  dose.setCustomValidity(AMBIGUOUS.test(dose.value.trim()) ? words.ambiguous : "");
  dose.reportValidity();
}

/** A number as it is written in any of our languages; NaN where it is none, or may be two. */
function numberOf(text) {
  return AMBIGUOUS.test(text.trim()) ? NaN : Number(text.trim().replace(",", "."));
}

/** Directions for what stands in the fields, in English: the language of the order, which the service reads. */
export function directions(form) {
  const route = ROUTES[form.route.value];
  const dose = numberOf(form.dose.value);
  if (!(dose > 0) || !form.unit.value) return "";
  const unit = form.unit.value === "tablet" && dose !== 1 ? "tablets" : form.unit.value;
  const said = [`${route?.[2] ?? "Give"} ${dose} ${unit}`];
  if (route) said.push(route[3]);
  const period = PERIODS[form.per.value];
  if (form.per.value === "once") said.push("once");
  else if (period && numberOf(form.every.value) > 0) {
    const every = numberOf(form.every.value);
    said.push(every === 1 ? `once a ${period[0]}` : `every ${every} ${period[1]}`);
  }
  return said.join(" ") + (form.count.value && form.per.value !== "once" ? `, ${form.count.value} doses` : "");
}

/** The draft with what stands in the fields; everything else of it stays. */
export function read(form, draft, session) {
  const base = draft ?? {
    resourceType: "MedicationRequest",
    status: "draft",
    intent: "order",
    subject: { reference: `Patient/${session.patient}` },
    authoredOn: session.today,
    requester: { reference: session.user },
  };
  const product = session.products.find((one) => one.code === form.product.value);
  const drug = product && { medicationCodeableConcept: { coding: [{ system: product.system, code: product.code, display: product.display }], text: product.text } };
  return { ...base, ...drug, dosageInstruction: [stepOf(form)] };
}

function stepOf(form) {
  const step = {};
  if (form.text.value.trim()) step.text = form.text.value.trim();
  const repeat = repeatOf(form);
  if (repeat) step.timing = { repeat };
  const route = ROUTES[form.route.value];
  if (route) step.route = { coding: [{ system: SNOMED, code: form.route.value, display: route[0] }], text: route[1] };
  const value = numberOf(form.dose.value);
  const unit = form.unit.value;
  if (value > 0 && unit) step.doseAndRate = [{ doseQuantity: { value, unit, system: UCUM, code: UNITS[unit] } }];
  return step;
}

function repeatOf(form) {
  if (form.per.value === "once") return { count: 1, frequency: 1, period: 1, periodUnit: "d" };
  const period = numberOf(form.every.value);
  if (!(form.per.value in PERIODS) || !(period > 0)) return null;
  const count = Number.parseInt(form.count.value, 10);
  return { ...(count > 0 && { count }), frequency: 1, period, periodUnit: form.per.value };
}
