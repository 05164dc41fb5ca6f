// Calls this service. The operators' token lives in this variable, in this tab, and nowhere else.

let token = "";
let askForToken = async () => "";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const onTokenNeeded = (ask) => { askForToken = ask; };
export const hasToken = () => token !== "";
export const forgetToken = () => { token = ""; };

// A list is sent as repeated values. A second, empty value marks the first as a single name
// where its comma would make it a list.
export function queryOf(values) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (Array.isArray(value)) {
      value.forEach((each) => query.append(name, each));
      if (value.length === 1) query.append(name, "");
    } else if (value !== null && value !== undefined && value !== "" && value !== false) {
      query.append(name, value);
    }
  }
  const text = query.toString();
  return text && `?${text}`;
}

async function answer(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The service doesn't answer.");
  }
  const text = await response.text();
  let body = text;
  if (/[/+]json/.test(response.headers.get("Content-Type") ?? "")) body = JSON.parse(text);
  if (!response.ok) throw new ApiError(response.status, body?.detail ?? `The service answered ${response.status}.`);
  return body;
}

export const get = (path, values = {}, signal = undefined) => answer(path + queryOf(values), { signal });

function authorized(method, body) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (body === undefined) return { method, headers };
  return { method, headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

// As an operator: asks for the token where the service wants one, and again where it is wrong.
export async function operate(method, path, body = undefined) {
  for (let again = false; ; again = true) {
    try {
      return await answer(path, authorized(method, body));
    } catch (error) {
      if (![401, 403].includes(error.status)) throw error;
      const given = await askForToken(again || token ? error.message : "");
      if (!given) throw new ApiError(error.status, "Nothing was done: no token was given.");
      token = given;
    }
  }
}
