// The client's side of CDS Hooks: calls, feedback, and a list of all that was exchanged.

/** A random UUID; crypto.randomUUID is missing where the page came over plain HTTP from another machine. */
function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class Client {
  /** `told` is called with each exchange: {name, address, request, response, status, ms}. */
  constructor(session, told) {
    this.session = session;
    this.told = told;
  }

  /** The cards for one hook; throws where the service does not answer with cards. */
  async call(hook, context) {
    const { session } = this;
    const request = {
      hook,
      hookInstance: uuid(),
      fhirServer: session.fhirServer,
      context: { userId: session.user, patientId: session.patient, ...context },
      prefetch: session.prefetch,
      extension: session.extension,
    };
    const response = await this.#post(hook, `/cds-services/b12-${hook}`, request);
    return response.cards;
  }

  /** Tell what became of a card. */
  async feedback(hook, item) {
    const sent = { ...item, outcomeTimestamp: new Date().toISOString() };
    await this.#post("feedback", `/cds-services/b12-${hook}/feedback`, { feedback: [sent] });
  }

  async #post(name, address, request) {
    const begun = performance.now();
    const reply = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(request),
    });
    const response = await reply.json();
    this.told({ name, address, request, response, status: reply.status, ms: Math.round(performance.now() - begun) });
    if (!reply.ok) throw new Error(response.issue?.[0]?.diagnostics ?? `status ${reply.status}`);
    return response;
  }
}

/** Where a SMART link leads: with a launch of this FHIR server that carries the card's appContext. */
export async function launchAddress(link, session) {
  const reply = await fetch(`${session.fhirServer}/_services/smart/Launch`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ launch_url: link.url, parameters: { patient: session.patient, appContext: link.appContext ?? "" } }),
  });
  if (!reply.ok) throw new Error(`status ${reply.status}`);
  const address = new URL(link.url, location.href);
  address.searchParams.set("launch", (await reply.json()).launch_id);
  address.searchParams.set("iss", session.fhirServer);
  return address.href;
}
