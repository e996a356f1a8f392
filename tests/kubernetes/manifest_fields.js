// Writes infralint/project/manifests/manifest_fields.json: what the fields of Kubernetes' objects are called and hold, as far as
// they say where requests go and who answers them. It needs packages that are made of the vendors' own schemas:
//   npm i typescript@5 kubernetes-models@4 @kubernetes-models/{gateway-api@2,gke@4,istio@3,knative@4,traefik@2}
//   node manifest_fields.js > manifest_fields.json
const fs = require("fs");
const ts = require("typescript");

const CORE = "node_modules/kubernetes-models/";
const OTHERS = "node_modules/@kubernetes-models/";
const KINDS = {
  [`${CORE}networking.k8s.io/v1`]: ["Ingress"],
  [`${CORE}v1`]: ["Service", "Pod"],
  [`${CORE}apps/v1`]: ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
  [`${CORE}autoscaling/v2`]: ["HorizontalPodAutoscaler"],
  [`${OTHERS}gateway-api/gateway.networking.k8s.io/v1`]: ["Gateway", "HTTPRoute", "GRPCRoute"],
  [`${OTHERS}istio/networking.istio.io/v1`]: ["VirtualService", "DestinationRule", "Gateway"],
  [`${OTHERS}traefik/traefik.io/v1alpha1`]: ["IngressRoute", "Middleware", "ServersTransport"],
  [`${OTHERS}knative/serving.knative.dev/v1`]: ["Service"],
  [`${OTHERS}gke/cloud.google.com/v1`]: ["BackendConfig"],
  [`${OTHERS}gke/networking.gke.io/v1`]: ["GCPBackendPolicy"],
};
// What lies below these says nothing of requests.
const LEFT_OUT = new Set(
  ("affinity behavior dnsConfig envFrom ephemeralContainers initContainers lifecycle livenessProbe managedFields metrics" +
    " ownerReferences plugin portLevelSettings readinessProbe resizePolicy resourceClaims resources securityContext" +
    " startupProbe subsets tls tolerations topologySpreadConstraints valueFrom volumeClaimTemplates volumeDevices volumeMounts" +
    " volumes").split(" "),
);
const DEEPEST = 9;

const files = Object.entries(KINDS).flatMap(([folder, kinds]) => kinds.map((kind) => [folder, kind, `${folder}/${kind}.d.ts`]));
const program = ts.createProgram(files.map((file) => file[2]), { strict: true, noEmit: true, skipLibCheck: true });
const checker = program.getTypeChecker();
const ABSENT = ts.TypeFlags.Undefined | ts.TypeFlags.Null;

const parts = (type) => (type.isUnion() ? type.types.filter((part) => !(part.flags & ABSENT)) : [type]);
const isObject = (type) => type.flags & ts.TypeFlags.Object || type.isIntersection();

// t: text, n: number, b: boolean, l: list, m: mapping, *: anything; behind `=` the only texts.
function describe(type) {
  const letters = new Set();
  const texts = [];
  let isFree = false;
  for (const part of parts(type)) {
    if (part.flags & ts.TypeFlags.StringLiteral) {
      letters.add("t");
      texts.push(part.value);
    } else if (part.flags & ts.TypeFlags.StringLike) {
      letters.add("t");
      isFree = true;
    } else if (part.flags & ts.TypeFlags.NumberLike) letters.add("n");
    else if (part.flags & ts.TypeFlags.BooleanLike) letters.add("b");
    else if (checker.isArrayType(part)) letters.add("l");
    else if (isObject(part)) letters.add("m");
    else return "*";
  }
  const only = texts.length && !isFree ? `=${texts.join("|")}` : "";
  return [...letters].join("") + only;
}

function walk(type, place, found, depth) {
  for (const part of parts(type)) {
    if (checker.isArrayType(part)) {
      walk(checker.getTypeArguments(part)[0], place, found, depth);
      continue;
    }
    if (!isObject(part)) continue;
    found[place] ??= {};
    if (checker.getIndexInfoOfType(part, ts.IndexKind.String)) found[place]["*"] = "*";
    for (const property of part.getProperties()) {
      if (!place && property.name === "status") continue;
      const inner = checker.getTypeOfSymbol(property);
      const described = describe(inner);
      const known = found[place][property.name];
      found[place][property.name] = known === undefined || known === described ? described : "*";
      const deeper = place ? `${place}.${property.name}` : property.name;
      if (depth < DEEPEST && !LEFT_OUT.has(property.name)) walk(inner, deeper, found, depth + 1);
    }
  }
}

const table = {};
for (const [folder, kind, file] of files) {
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const found = {};
  walk(checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === `I${kind}`)), "", found, 0);
  const group = folder.replace(/^.*kubernetes-models\//, "").replace(/^(?:gateway-api|istio|traefik|knative|gke)\//, "");
  const places = Object.entries(found).filter(([, names]) => !("*" in names) && Object.keys(names).length);
  table[`${group.includes("/") ? group.split("/")[0] : ""}/${kind}`] = Object.fromEntries(
    places.map(([place, names]) => [place, Object.entries(names).map(([name, form]) => `${name}:${form}`).join(" ")]),
  );
}
process.stdout.write(`${JSON.stringify(table, null, 1)}\n`);
