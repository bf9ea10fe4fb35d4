/** Forms of the test double. */

export const approvalSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    decision: {
      title: "Decision",
      oneOf: [
        { const: "approve", title: "Approve" },
        { const: "reject", title: "Reject" },
      ],
    },
    comment: {
      type: "string",
      title: "Comment",
      contentMediaType: "text/markdown",
      description: "Goes into the release notes.",
    },
  },
  required: ["decision"],
};

export const releaseBody = `The build of **shop 4.18.0** is green. What changes:

| service | from | to |
| --- | --- | --- |
| checkout | 4.17.2 | 4.18.0 |
| search | 2.9.1 | 2.9.3 |

- [x] migrations rehearsed
- [ ] announced to support

See the [change log](https://shop.example.com/changes/4.18.0), and mind \`FEATURE_NEW_CART\`.

<script>window.__injected = true</script>
[do not press](javascript:window.__injected=true)
![a picture](https://tracker.example.com/pixel.png)
`;

export const closingSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    version: { const: 2, title: "Form" },
    accruals: {
      type: "number",
      title: "Accruals",
      description: "Booked by hand.",
      minimum: 0,
      maximum: 1_000_000,
    },
    vouchers: { type: "integer", title: "Vouchers", minimum: 1 },
    currency: { type: "string", title: "Currency", enum: ["EUR", "USD", "GBP"], default: "EUR" },
    isFinal: { type: "boolean", title: "These are final" },
    notify: { type: "boolean", title: "Tell the board", default: true },
    closedOn: { type: "string", format: "date", title: "Closed on" },
    signedAt: { type: "string", format: "date-time", title: "Signed at" },
    callAt: { type: "string", format: "time", title: "Call at" },
    contact: { type: "string", format: "email", title: "Contact" },
    reviewers: {
      type: "array",
      title: "Reviewers",
      items: { type: "string", minLength: 2 },
      minItems: 1,
      uniqueItems: true,
    },
    weights: { type: "array", title: "Weights", items: { type: "number" } },
    regions: {
      type: "array",
      title: "Regions",
      items: { enum: ["emea", "apac", "amer"] },
      description: "Those that are complete.",
    },
    office: {
      type: "object",
      title: "Office",
      description: "Where the vouchers lie.",
      properties: {
        city: { type: "string", title: "City" },
        floor: { type: "integer", title: "Floor" },
      },
      required: ["city"],
    },
    rules: { type: "array", title: "Rules", items: { type: "object" }, default: [{ vat: 21 }] },
    remarks: { type: "string", title: "Remarks", maxLength: 2_000 },
  },
  required: ["version", "accruals", "currency", "isFinal", "reviewers"],
};
