import { luaHelpers } from './lua-rest';

/**
 * Lua for the gRPC listener: the model by metadata, else by the message; the message is made to name the very model
 * that was routed to, so that metadata and message cannot differ. Errors leave the request without a scope.
 */
export const grpcScript = (openTenant: string | null): string => `${luaHelpers(openTenant)}
local NAMES = {"x-stowage-model", "mm-model-id", "mm-vmodel-id", "seldon-model"}
local SERVER = {ServerLive = true, ServerReady = true, ServerMetadata = true}
local METHODS = {ModelInfer = true, ModelReady = true, ModelMetadata = true}

local function refuse(h, status, message)
  h:respond({[":status"] = "200", ["content-type"] = "application/grpc", ["grpc-status"] = status,
    ["grpc-message"] = message}, message)
end

local function unknown(h) return refuse(h, "5", "unknown model") end

-- The varint at an offset of the body (offsets from 0): value and the offset after it; nil: malformed.
local function varint(body, at, stop)
  local bytes = body:getBytes(at, math.min(10, stop - at))
  local value, factor = 0, 1
  for i = 1, #bytes do
    local b = bytes:byte(i)
    value = value + (b % 128) * factor
    if b < 128 then return value, at + i end
    factor = factor * 128
  end
  return nil
end

-- The message's fields 1 (name) and 2 (version), the last of each as protobuf has it; nil: malformed.
-- The whole message is walked, by lengths: what is appended to it then is a field of its own.
local function read_names(body, at, stop)
  local name, version = "", ""
  while at < stop do
    local tag, size
    tag, at = varint(body, at, stop)
    if tag == nil then return nil end
    local field, kind = math.floor(tag / 8), tag % 8
    if field == 0 then return nil end
    if kind == 0 then
      size, at = varint(body, at, stop)
      if size == nil then return nil end
    elseif kind == 2 then
      if at >= stop then return nil end
      size, at = varint(body, at, stop)
      if size == nil or at + size > stop then return nil end
      if field <= 2 then
        if size > 1024 then return nil end
        local text = size > 0 and body:getBytes(at, size) or ""
        if field == 1 then name = text else version = text end
      end
      at = at + size
    elseif kind == 1 or kind == 5 then
      at = at + (kind == 1 and 8 or 4)
      if at > stop then return nil end
    else
      return nil
    end
    if kind ~= 2 and field <= 2 then return nil end
  end
  return name, version
end

local function u32(n)
  return string.char(math.floor(n / 16777216) % 256, math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256)
end

-- The last of a field counts: the served name and no version, appended, are the message's.
local function rename(body, size, served)
  local tail = "\\10" .. string.char(#served) .. served .. "\\18\\0"
  body:setBytes("\\0" .. u32(size - 5 + #tail) .. body:getBytes(5, size - 5) .. tail)
end

local function by_metadata(headers)
  for _, key in ipairs(NAMES) do
    local count = headers:getNumValues(key)
    if count > 1 then return nil, true end
    if count == 1 then return headers:get(key), false end
  end
  return nil, false
end

local function plain(name) return name ~= nil and #name < 128 and name:find("^[%w%._~%-]+$") ~= nil end

-- No such model, or an error on the way: the request keeps no scope.
local function lost(h, headers, ok)
  headers:remove("x-stowage-scope")
  h:clearRouteCache()
  if ok then return unknown(h) end
  return refuse(h, "13", "internal error")
end

function envoy_on_request(h)
  local headers = h:headers()
  local method = headers:get(":path"):match("^/inference%.GRPCInferenceService/(%a+)$")
  local kind = headers:get("content-type") or ""
  if method == nil or kind:sub(1, 16) ~= "application/grpc" then return refuse(h, "12", "unknown method") end
  if SERVER[method] then
    headers:replace("x-stowage-tenant", "/")
    headers:replace("x-stowage-scope", "/:server")
    return h:clearRouteCache()
  end
  local function choose(scope) headers:replace("x-stowage-scope", scope) end
  local name, twice = by_metadata(headers)
  if twice then return refuse(h, "3", "more than one model in the metadata") end

  if method == "ModelStreamInfer" and OPEN ~= nil then
    if name == nil then return refuse(h, "3", "a stream's model must be in the metadata") end
    if not plain(name) then return unknown(h) end
    -- As long as there is news.
    headers:replace("x-envoy-upstream-rq-timeout-ms", "0")
    local ok, served, unsure = pcall(find, h, OPEN, name, nil, choose)
    if not ok or served == nil then return lost(h, headers, ok) end
    if unsure then headers:replace("x-stowage-unsure", "1") end
    return
  end
  if not METHODS[method] then return refuse(h, "12", "unknown method") end

  local body = h:body()
  -- Waiting for the body ends the life of objects fetched before it.
  headers = h:headers()
  local size = body and body:length() or 0
  if size < 5 then return refuse(h, "3", "no message") end
  local head = body:getBytes(0, 5)
  if head:byte(1) ~= 0 then return refuse(h, "12", "compressed messages are not read here") end
  local length = ((head:byte(2) * 256 + head:byte(3)) * 256 + head:byte(4)) * 256 + head:byte(5)
  if length ~= size - 5 then return refuse(h, "3", "not one message") end
  local said, version = read_names(body, 5, size)
  if said == nil then return refuse(h, "3", "malformed message") end

  local asked = name or said
  local tenant = tenant_of(headers)
  if tenant == nil or not plain(asked) then return unknown(h) end
  if version ~= "" and not plain(version) then return unknown(h) end
  local ok, served, unsure = pcall(find, h, tenant, asked, version ~= "" and version or nil, choose)
  if ok and served ~= nil and (said ~= served or version ~= "") then
    ok = #served < 128 and pcall(rename, body, size, served)
  end
  if not ok or served == nil then return lost(h, headers, ok) end
  if unsure then headers:replace("x-stowage-unsure", "1") end
end
`;

/** After {@link grpcScript}, where it could not see whether the scope that it chose is there. Envoy would say UNIMPLEMENTED. */
export const grpcUnsureScript = `
function envoy_on_request(h)
  h:headers():remove("x-stowage-unsure")
  local rewrite = h:metadata()
  if rewrite:get("served") ~= nil or rewrite:get("prefix") ~= nil then return end
  h:respond({[":status"] = "200", ["content-type"] = "application/grpc", ["grpc-status"] = "5",
    ["grpc-message"] = "unknown model"}, "unknown model")
end
`;
