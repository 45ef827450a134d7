/** Where `stowage local` listens unless told otherwise: the router's REST port, and meshd's. */
export const defaultEndpoint = 'http://127.0.0.1:8080';
export const defaultControl = 'http://127.0.0.1:8083';
