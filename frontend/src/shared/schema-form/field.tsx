import { ArrayField } from "./array-field";
import { BooleanField } from "./boolean-field";
import { ChoiceField } from "./choice-field";
import type { FieldProps } from "./form-context";
import { useForm } from "./form-context";
import { JsonField } from "./json-field";
import { MapField } from "./map-field";
import { NumberField } from "./number-field";
import { ObjectField } from "./object-field";
import { labelOf, readField } from "./schema";
import { StringField } from "./string-field";
import { VariantField } from "./variant-field";

type AnyFieldProps = Omit<FieldProps, "label" | "isNullable"> & { name: string };

/** One field of whatever kind its schema says. */
export function Field({ name, schema, ...rest }: AnyFieldProps) {
  const { root } = useForm();
  const { schema: resolved, field, isNullable } = readField(schema, root);
  const props: FieldProps = { ...rest, schema: resolved, isNullable, label: labelOf(resolved, name) };
  switch (field.kind) {
    case "string":
      return <StringField {...props} format={field.format} />;
    case "number":
      return <NumberField {...props} isInteger={field.isInteger} />;
    case "boolean":
      return <BooleanField {...props} />;
    case "choice":
      return <ChoiceField {...props} values={field.values} />;
    case "array":
      return <ArrayField {...props} items={field.items} />;
    case "object":
      return <ObjectField {...props} properties={field.properties} required={field.required} />;
    case "map":
      return <MapField {...props} values={field.values} />;
    case "variants":
      return <VariantField {...props} variants={field.variants} />;
    case "json":
      return <JsonField {...props} />;
  }
}
