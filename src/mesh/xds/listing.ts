/** `GET /v1/models`: Lua sends it to a scope that no model has, and a header says whose models are to be listed. */

export const listerHeader = 'x-stowage-lister';

/** No model is called like this. A client that asks for it itself lacks the header. */
export const listName = ':list';
export const listPath = `/v1/models/${listName}`;

/** The resource name of that scope. */
export const listScope = `/${listName}`;
