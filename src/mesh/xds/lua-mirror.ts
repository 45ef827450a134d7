import { grpcScript } from './lua-grpc';
import { restScript } from './lua-rest';
import { mirrorHeader } from './mirror';

/** Lua for the listeners of copies: puts the model that the header names in the place of the one that answered. */

export const restMirrorScript = (
  openTenant: string | null,
  maxBodyBytes: number,
): string => `${restScript(openTenant, maxBodyBytes)}
local ordinary = envoy_on_request

function envoy_on_request(h)
  local headers = h:headers()
  local to = headers:get("${mirrorHeader}")
  local path = headers:get(":path")
  local openai = OPENAI[path:match("^[^?#]*")]
  if to ~= nil and openai ~= nil then return by_body(h, openai, to) end
  local start, rest = path:match("^(/v[12]/models/)[^/:?]+(.*)$")
  if to == nil or start == nil then return refuse(h, "404", "no copy") end
  headers:replace(":path", start .. to .. rest)
  return ordinary(h)
end
`;

export const grpcMirrorScript = (openTenant: string | null): string => `${grpcScript(openTenant)}
local ordinary = envoy_on_request

function envoy_on_request(h)
  local headers = h:headers()
  local to = headers:get("${mirrorHeader}")
  if to == nil then return refuse(h, "12", "no copy") end
  for _, name in ipairs(NAMES) do headers:remove(name) end
  headers:remove("x-stowage-scope")
  headers:replace(NAMES[1], to)
  return ordinary(h)
end
`;
