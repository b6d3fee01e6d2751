// The plan: what may be chosen, and how it leaves: on paper, as a calendar, as FHIR, into the EHR.

const WRITTEN = ["CarePlan", "MedicationRequest"];

/** Bind the plan that was just put into the page. */
export function bindPlan(place, client, question, { ask, redraw }) {
  const form = place.querySelector("#choices");
  if (!form) return;
  const said = place.querySelector("[data-plan-said]");
  const tell = (name) => {
    for (const one of said.children) one.hidden = one.dataset.said !== name;
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    if (!form.reportValidity()) return;
    question.choices = choicesOf(form);
    redraw(question).then(() => tell("changed"), () => tell("refused"));
  });
  place.querySelector("[data-print]").addEventListener("click", () => window.print());
  for (const [name, kind] of [["plan.ics", "text/calendar"], ["plan.json", "application/fhir+json"]]) {
    place.querySelector(`[data-file="${name}"]`).addEventListener("click", () => {
      ask(`/smart/${name}`, question, "text").then((body) => hand(name, kind, body), () => tell("refused"));
    });
  }
  bindSave(place, client, question, ask, tell);
}

function choicesOf(form) {
  const chosen = Object.fromEntries(new FormData(form));
  const number = (name) => (chosen[name] ? Number(chosen[name]) : null);
  return {
    start: chosen.start || null,
    weekday: number("weekday"),
    interval: number("interval"),
    loading: chosen.loading || null,
  };
}

function hand(name, kind, body) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([body], { type: kind }));
  link.download = `b12-${name}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Saving is offered where the EHR granted it, and done after a second, spoken yes. */
function bindSave(place, client, question, ask, tell) {
  const button = place.querySelector("[data-save]");
  const dialog = place.querySelector("dialog");
  const granted = WRITTEN.every((kind) => mayCreate(client.getState("tokenResponse.scope") ?? "", kind));
  button.hidden = !granted;
  place.querySelector("[data-not-granted]").hidden = granted;
  let resources = [];
  button.addEventListener("click", async () => {
    try {
      ({ resources } = JSON.parse(await ask("/smart/plan.json", question, "text")));
    } catch {
      tell("refused");
      return;
    }
    const list = dialog.querySelector("ul");
    list.replaceChildren(...resources.map((one) => line(`${one.resourceType}: ${wordsOf(one)}`)));
    dialog.showModal();
  });
  dialog.querySelector("[data-yes]").addEventListener("click", async () => {
    dialog.close();
    button.disabled = true;
    const results = place.querySelector("[data-results]");
    results.replaceChildren();
    for (const resource of resources) results.append(line(await saved(client, resource, place)));
    tell("saved");
  });
  dialog.querySelector("[data-no]").addEventListener("click", () => dialog.close());
}

async function saved(client, resource, place) {
  const name = `${resource.resourceType}: ${wordsOf(resource)}`;
  try {
    const made = await client.create(resource);
    return `${place.dataset.savedWords} ${name}${made?.id ? ` (${made.resourceType}/${made.id})` : ""}`;
  } catch (fault) {
    return `${place.dataset.failedWords} ${name}${fault?.status ? ` (${fault.status})` : ""}`;
  }
}

function wordsOf(resource) {
  return resource.title ?? resource.medicationCodeableConcept?.text ?? "";
}

function line(words) {
  const item = document.createElement("li");
  item.textContent = words;
  return item;
}

/** By SMART's scopes, of version 2 (patient/CarePlan.cruds) or 1 (patient/CarePlan.write). */
export function mayCreate(scopes, kind) {
  return scopes.split(/\s+/).some((scope) => {
    const [, type, rights] = /^(?:patient|user|system)\/([A-Za-z]+|\*)\.([^?]+)$/.exec(scope) ?? [];
    return (type === kind || type === "*") && (/^c[ruds]*$/.test(rights) || rights === "write" || rights === "*");
  });
}
