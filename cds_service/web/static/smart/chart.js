// Reads a patient's chart from the EHR by the same queries that our CDS services ask clients to prefetch.

const MOST_PAGES = 20;
const MOST_MEDICATIONS = 50;
const ID = "{{context.patientId}}";

/** {key: resource or Bundle} of all that could be read; a key that is not there was not seen. */
export async function readChart(client, patientId, queries) {
  const found = await Promise.all(
    Object.entries(queries).map(async ([key, query]) => [key, await read(client, query.replaceAll(ID, encodeURIComponent(patientId)))]),
  );
  const chart = Object.fromEntries(found.filter(([, value]) => value));
  const medications = await readMedications(client, chart);
  if (medications.length) chart.medications = bundle(medications.map((resource) => ({ resource })));
  return chart;
}

/** A resource, or all pages of a search as one Bundle; undefined where the EHR did not give it. */
async function read(client, query) {
  try {
    const answer = await client.request(query, { pageLimit: MOST_PAGES });
    return Array.isArray(answer) ? joined(answer) : answer;
  } catch {
    return undefined;
  }
}

/** The link to a page that was not read stays, so that the server knows that there is more. */
function joined(pages) {
  const next = (pages.at(-1).link ?? []).filter((one) => one.relation === "next");
  return { ...bundle(pages.flatMap((page) => page.entry ?? [])), link: next };
}

function bundle(entry) {
  return { resourceType: "Bundle", type: "searchset", entry };
}

async function readMedications(client, chart) {
  const named = Object.values(chart)
    .flatMap((one) => one.entry ?? [])
    .map((one) => one.resource?.medicationReference?.reference ?? "")
    .filter((one) => /^Medication\/[A-Za-z0-9.-]{1,64}$/.test(one));
  const wanted = [...new Set(named)].slice(0, MOST_MEDICATIONS);
  return (await Promise.all(wanted.map((one) => read(client, one)))).filter(Boolean);
}
