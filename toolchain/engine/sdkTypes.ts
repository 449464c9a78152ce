import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/**
 * An npm SDK and a plugin's schema, both reduced to the same form, so that they can be held against
 * each other: for each object the names of its properties, each with its type, for example
 * `ports: ContainerPort[]?` (the question mark says that it may be left out). Nested objects come
 * as `inputs.ContainerPort` and `outputs.ContainerPort`, since only outputs always have a value.
 */
export type Shapes = Map<string, Map<string, string>>;

/** The parts of a Pulumi package schema that say how its objects look. */
export interface PackageSchema {
  provider?: ResourceSchema;
  resources: Record<string, ResourceSchema>;
  functions?: Record<string, { inputs?: ObjectSchema; outputs?: ObjectSchema }>;
  types?: Record<string, ObjectSchema & { enum?: unknown[] }>;
}

interface ResourceSchema {
  inputProperties?: Record<string, TypeSchema>;
  requiredInputs?: string[];
  properties?: Record<string, TypeSchema>;
  required?: string[];
}

interface ObjectSchema {
  properties?: Record<string, TypeSchema>;
  required?: string[];
  language?: { nodejs?: { requiredOutputs?: string[] } };
}

interface TypeSchema {
  type?: string;
  $ref?: string;
  items?: TypeSchema;
  additionalProperties?: TypeSchema;
  /** An enumeration and its plain type. */
  oneOf?: TypeSchema[];
}

type Direction = "inputs" | "outputs";

/** Types of the schema language itself, as the SDK's generator writes them. */
const CORE_TYPES: Record<string, string> = {
  "pulumi.json#/Any": "any",
  "pulumi.json#/Archive": "Archive",
  "pulumi.json#/Asset": "Asset | Archive",
};

/** The objects that the plugin knows, under the names that the SDK's generator gives them. */
export function schemaShapes(schema: PackageSchema): Shapes {
  const shapes: Shapes = new Map();
  const add = (name: string, direction: Direction, properties = {}, required: string[] = []) => {
    shapes.set(name, shapeOf(properties, required));
    addNested(shapes, schema, direction, properties);
  };
  if (schema.provider) {
    add("ProviderArgs", "inputs", schema.provider.inputProperties, schema.provider.requiredInputs);
  }
  for (const [token, resource] of Object.entries(schema.resources)) {
    const name = lastSegment(token);
    add(`${name}Args`, "inputs", resource.inputProperties, resource.requiredInputs);
    add(name, "outputs", resource.properties, resource.required);
    // Looking a resource up takes its state as an input.
    addNested(shapes, schema, "inputs", resource.properties);
  }
  for (const [token, { inputs, outputs }] of Object.entries(schema.functions ?? {})) {
    // A method of the provider, which only programs with a provider object of their own can call.
    if (token.startsWith("pulumi:")) continue;
    const name = upperFirst(lastSegment(token));
    if (inputs) add(`${name}Args`, "inputs", inputs.properties, inputs.required);
    if (outputs) add(`${name}Result`, "outputs", outputs.properties, outputs.required);
  }
  return shapes;
}

/** Adds the objects inside the given properties, at any depth. */
function addNested(
  shapes: Shapes,
  schema: PackageSchema,
  direction: Direction,
  properties: Record<string, TypeSchema> = {},
): void {
  for (const type of Object.values(properties)) {
    const token = reference(type);
    const nested = token === undefined ? undefined : schema.types?.[token];
    if (token === undefined || nested === undefined || nested.enum) continue;
    const name = `${direction}.${upperFirst(lastSegment(token))}`;
    if (shapes.has(name)) continue;
    const always = direction === "outputs" ? nested.language?.nodejs?.requiredOutputs : undefined;
    shapes.set(name, shapeOf(nested.properties, always ?? nested.required));
    addNested(shapes, schema, direction, nested.properties);
  }
}

/** The token of the object inside a type, whatever lists and maps are around it. */
function reference(type: TypeSchema): string | undefined {
  const inner = type.items ?? type.additionalProperties ?? type.oneOf?.find((each) => each.$ref);
  if (inner) return reference(inner);
  return type.$ref?.startsWith("#/types/")
    ? decodeURIComponent(type.$ref.slice("#/types/".length))
    : undefined;
}

function shapeOf(properties: Record<string, TypeSchema> = {}, required: string[] = []) {
  return new Map(
    Object.entries(properties).map(([name, type]) => [
      name,
      `${schemaType(type)}${required.includes(name) ? "" : "?"}`,
    ]),
  );
}

function schemaType({ type, $ref, items, additionalProperties, oneOf }: TypeSchema): string {
  if (oneOf) return schemaType(oneOf.find((each) => each.$ref) ?? oneOf[0] ?? {});
  if ($ref && $ref in CORE_TYPES) return CORE_TYPES[$ref] ?? "";
  if ($ref) return upperFirst(lastSegment(decodeURIComponent($ref)).replace(/^.*[#/]/, ""));
  if (type === "array") return `${schemaType(items ?? {})}[]`;
  if (type === "object") return `{${schemaType(additionalProperties ?? {})}}`;
  return type === "integer" ? "number" : (type ?? "any");
}

/**
 * The objects that an SDK declares.
 * @param folder the module of the SDK, with one file for each resource and function
 * @param types the SDK's folder of nested objects
 * @param namespace of the nested objects that belong to the module, where there are several
 */
export function sdkShapes(folder: string, types: string, namespace?: string): Shapes {
  const shapes: Shapes = new Map();
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".d.ts") || /^(?:index|utilities)\./.test(name)) continue;
    addDeclared(shapes, parse(join(folder, name)).statements, "");
  }
  for (const direction of ["input", "output"]) {
    const file = parse(join(types, `${direction}.d.ts`));
    const inNamespace = namespace && findNamespace(file, namespace);
    if (inNamespace) addDeclared(shapes, inNamespace.statements, `${direction}s.`);
    else if (!namespace) addDeclared(shapes, file.statements, `${direction}s.`);
  }
  return shapes;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

function findNamespace(file: ts.SourceFile, name: string): ts.ModuleBlock | undefined {
  const found = file.statements.find(
    (each): each is ts.ModuleDeclaration => ts.isModuleDeclaration(each) && each.name.text === name,
  );
  return found?.body && ts.isModuleBlock(found.body) ? found.body : undefined;
}

function addDeclared(shapes: Shapes, nodes: readonly ts.Node[], prefix: string): void {
  for (const node of nodes) {
    if (!ts.isInterfaceDeclaration(node) && !ts.isClassDeclaration(node)) continue;
    const name = node.name?.text ?? "";
    // Twins of what is compared anyway: for looking resources up, for functions of outputs, and
    // (in the nested objects) for plain values.
    if (/State$|OutputArgs$/.test(name) || (prefix !== "" && name.endsWith("Args"))) continue;
    // A provider has arguments, but nobody reads its properties.
    if (name !== "Provider") shapes.set(`${prefix}${name}`, declaredProperties(node));
  }
}

function declaredProperties(
  node: ts.InterfaceDeclaration | ts.ClassDeclaration,
): Map<string, string> {
  const properties = new Map<string, string>();
  for (const member of node.members) {
    if (!ts.isPropertySignature(member) && !ts.isPropertyDeclaration(member)) continue;
    if (!member.type || !ts.isIdentifier(member.name)) continue;
    const isStatic = member.modifiers?.some((each) => each.kind === ts.SyntaxKind.StaticKeyword);
    if (isStatic) continue;
    const type = declaredType(member.type);
    const optional = member.questionToken !== undefined || type.endsWith("?");
    properties.set(member.name.text, `${type.replace(/\?$/, "")}${optional ? "?" : ""}`);
  }
  return properties;
}

function declaredType(node: ts.TypeNode): string {
  if (ts.isUnionTypeNode(node)) {
    const kept = node.types.filter((each) => each.kind !== ts.SyntaxKind.UndefinedKeyword);
    const inner = kept.map((each) => declaredType(each)).join(" | ");
    return kept.length === node.types.length ? inner : `${inner}?`;
  }
  if (ts.isArrayTypeNode(node)) return `${declaredType(node.elementType)}[]`;
  if (ts.isTypeLiteralNode(node)) {
    const index = node.members.find(ts.isIndexSignatureDeclaration);
    return index ? `{${declaredType(index.type)}}` : node.getText();
  }
  if (ts.isTypeReferenceNode(node)) {
    const name = node.typeName.getText();
    const [argument] = node.typeArguments ?? [];
    if ((name === "pulumi.Input" || name === "pulumi.Output") && argument) {
      return declaredType(argument);
    }
    return name.replace(/^.*\./, "");
  }
  return node.getText();
}

/** One line for each difference, such as `ContainerArgs.init: SDK boolean?, plugin string?`. */
export function differences(sdk: Shapes, plugin: Shapes): string[] {
  const found: string[] = [];
  for (const name of new Set([...sdk.keys(), ...plugin.keys()])) {
    const left = sdk.get(name);
    const right = plugin.get(name);
    if (!left || !right) {
      found.push(`${name}: only in the ${left ? "SDK" : "plugin"}`);
      continue;
    }
    for (const property of new Set([...left.keys(), ...right.keys()])) {
      const [inSdk, inPlugin] = [left.get(property) ?? "none", right.get(property) ?? "none"];
      if (inSdk !== inPlugin) found.push(`${name}.${property}: SDK ${inSdk}, plugin ${inPlugin}`);
    }
  }
  return found.sort();
}

function lastSegment(token: string): string {
  return token.slice(token.lastIndexOf(":") + 1);
}

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
