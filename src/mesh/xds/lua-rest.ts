import { listerHeader, listPath } from './listing';

/**
 * Lua for the REST listener: what a path alone does not say. Every way out but the last leaves the request without
 * a scope, so an error in here answers 404 and never lets a request through.
 * Shared helpers come first; see lua-grpc.ts for the other listener.
 */

/** `OPEN` is the tenant of callers when none is verified; null: the tenant's header is set by authentication. */
export const luaHelpers = (openTenant: string | null): string => `
local OPEN = ${openTenant === null ? 'nil' : JSON.stringify(openTenant)}

local function tenant_of(headers)
  if OPEN ~= nil then return OPEN end
  return headers:get("x-stowage-tenant")
end

-- Makes the request ask for a model as named by a caller of the tenant: name, tenant~name or tenant~name~version, with a
-- version besides or nil; choose(scope) writes the scope's name into the request. What the model server calls the model,
-- and whether there may yet be no such scope; nil: there is no such model for that caller.
-- There is one scope a model: a version that its name leads to by itself has no other.
local function find(h, tenant, asked, version, choose)
  local of, name, own = asked:match("^([^~]+)~([^~]+)~([^~]+)$")
  if of == nil then of, name = asked:match("^([^~]+)~([^~]+)$") end
  if of == nil then name = asked:match("^[^~]+$") end
  if name == nil or (own ~= nil and version ~= nil and own ~= version) then return nil end
  if OPEN == nil and of ~= nil and of ~= tenant then return nil end
  of, version = of or tenant, version or own
  local scope = of == tenant and name or of .. "~" .. name
  choose(scope)
  h:clearRouteCache()
  -- Of the route: asking makes Envoy choose scope and route anew. Only once: a second time it gives what it gave before.
  local rewrite = h:metadata()
  local served = rewrite:get("served")
  if served == nil and rewrite:get("prefix") ~= nil then
    served = rewrite:get("prefix") .. scope .. rewrite:get("suffix")
  end
  if version == nil then return served, false end
  local whole = of .. "~" .. name .. "~" .. version
  if served == whole then return whole, false end
  choose(whole)
  h:clearRouteCache()
  return whole, true
end
`;

/** Names that are not simply the fourth segment of the path: with a tenant, with a version, in an OpenAI body. */
export const restScript = (openTenant: string | null, maxBodyBytes: number): string => `${luaHelpers(openTenant)}
local MAX_BODY = ${maxBodyBytes}
local OPENAI = {
  ["/v1/chat/completions"] = "chat/completions",
  ["/v1/completions"] = "completions",
  ["/v1/embeddings"] = "embeddings",
}

local function refuse(h, status, message)
  h:respond({[":status"] = status, ["content-type"] = "application/json"}, '{"error":"' .. message .. '"}')
end

-- What streams may last longer than the model's timeout, once it has begun and as long as there is news.
local function unlimited(headers) headers:replace("x-envoy-upstream-rq-timeout-ms", "0") end

-- Where the value of the only top-level "model" lies in a JSON object, quotes included, and whether its "stream" is true;
-- nil: not exactly one plain model. Stricter than JSON, so that no other reader can find another model in it: no NUL (UTF-16),
-- no escapes in the key or the value, no second key of the name.
local function find_model(text)
  if text:find("%z") then return nil end
  local i = text:match("^[ \\t\\r\\n]*(){")
  if i == nil then return nil end
  i = i + 1
  local depth, in_value, is_model, from, to = 1, false, false, nil, nil
  local stream_at = nil
  while depth > 0 do
    local at = text:find('["{}%[%]:,]', i)
    if at == nil then return nil end
    local c = text:byte(at)
    i = at + 1
    if c == 34 then
      local stop = i
      while true do
        stop = text:find('["\\\\]', stop)
        if stop == nil then return nil end
        if text:byte(stop) == 34 then break end
        stop = stop + 2
      end
      local word = text:sub(at + 1, stop - 1)
      if depth == 1 and not in_value then
        if word:find("\\\\", 1, true) then return nil end
        is_model = word == "model"
        if word == "stream" then stream_at = stop + 1 end
      elseif depth == 1 and is_model then
        if from ~= nil or word:find("\\\\", 1, true) then return nil end
        from, to = at, stop
      end
      i = stop + 1
    elseif c == 123 or c == 91 then
      if depth == 1 and is_model then return nil end
      depth = depth + 1
    elseif c == 125 or c == 93 then
      depth = depth - 1
    elseif depth == 1 and c == 58 then
      in_value = true
    elseif depth == 1 and c == 44 then
      in_value, is_model = false, false
    end
  end
  if from == nil or text:find("[^ \\t\\r\\n]", i) then return nil end
  return from, to, stream_at ~= nil and text:find("^[ \\t\\r\\n]*:[ \\t\\r\\n]*true[ \\t\\r\\n]*[,}]", stream_at) ~= nil
end

local function by_path(h, headers, path, start, name, version, rest)
  local tenant = tenant_of(headers)
  local query = path:match("%??[^?]*$", #path:match("^[^?]*") + 1)
  local ok, served = pcall(find, h, tenant or "", name, version, function(scope)
    headers:replace(":path", start .. scope .. rest .. query)
  end)
  if ok and served ~= nil and tenant ~= nil then return end
  return refuse(h, ok and "404" or "500", ok and "unknown model" or "internal error")
end

-- The model that the body names, or another one instead of it.
local function by_body(h, rest, instead)
  local body = h:body()
  -- Waiting for the body ends the life of objects fetched before it.
  local headers = h:headers()
  local size = body and body:length() or 0
  if size > MAX_BODY then return refuse(h, "413", "the request is too large") end
  local text = size > 0 and body:getBytes(0, size) or ""
  local from, to, streams = find_model(text)
  if from == nil then return refuse(h, "400", "the body must be a JSON object with one plain string called model") end
  local said = text:sub(from + 1, to - 1)
  local name = instead or said
  if not name:find("^[%w%._~%-]+$") then return refuse(h, "404", "unknown model") end
  local tenant = tenant_of(headers)
  if tenant == nil then return refuse(h, "404", "unknown model") end
  headers:replace("x-stowage-openai", "1")
  if streams then unlimited(headers) end
  local ok, served = pcall(find, h, tenant, name, nil, function(scope)
    headers:replace(":path", "/v1/openai/" .. scope .. "/" .. rest)
    -- As by gRPC: the path will not say it.
    headers:replace("x-stowage-scope", scope)
  end)
  if ok and served ~= nil and served ~= said then
    ok = pcall(body.setBytes, body, text:sub(1, from) .. served .. text:sub(to))
  end
  if not ok or served == nil then
    headers:remove("x-stowage-openai")
    h:clearRouteCache()
    return refuse(h, ok and "404" or "500", ok and "unknown model" or "internal error")
  end
end

-- The names that the caller may ask for, by meshd.
local function list(h, headers)
  local tenant = tenant_of(headers)
  if tenant == nil then return refuse(h, "404", "unknown model") end
  headers:replace("${listerHeader}", tenant)
  headers:replace("x-stowage-tenant", "/")
  headers:replace(":path", "${listPath}")
  h:clearRouteCache()
end

function envoy_on_request(h)
  local headers = h:headers()
  local path = headers:get(":path")
  local bare = path:match("^[^?#]*")
  if bare:find("/generate_stream$") then unlimited(headers) end
  local name, version, rest = bare:match("^/v2/models/([^/]+)/versions/([^/]+)(/?[%a_]*)$")
  if name ~= nil then return by_path(h, headers, path, "/v2/models/", name, version, rest) end
  name, rest = bare:match("^/v2/models/([^/]+~[^/]+)(/?[%a_]*)$")
  if name ~= nil then return by_path(h, headers, path, "/v2/models/", name, nil, rest) end
  if bare:find("/:", 1, true) then return refuse(h, "404", "unknown model") end
  name, rest = bare:match("^/v1/models/([^/:]+)(:?%a*)$")
  if name ~= nil then
    -- So that the name is the path's fourth segment; its route takes the slash out.
    if rest == ":predict" then rest = "/:predict" end
    if name:find("~", 1, true) then return by_path(h, headers, path, "/v1/models/", name, nil, rest) end
    headers:replace(":path", "/v1/models/" .. name .. rest .. path:sub(#bare + 1))
    return h:clearRouteCache()
  end
  if bare == "/v1/models" and headers:get(":method") == "GET" then return list(h, headers) end
  local openai = OPENAI[bare]
  if openai ~= nil and headers:get(":method") == "POST" then by_body(h, openai) end
end
`;
