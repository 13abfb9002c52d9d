/** Errors of the API as one class: an RFC 9457 problem, or a server that could not be reached. */
import { text } from "@/shared/text";
import type { FieldError } from "./types";

export class ApiProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly fields: FieldError[];

  constructor(status: number, title: string, detail: string, fields: FieldError[] = []) {
    super(detail || title);
    this.name = "ApiProblem";
    this.status = status;
    this.title = title;
    this.fields = fields;
  }

  /** True when no answer came at all; the page then says "offline" instead of showing an error. */
  get isUnreachable(): boolean {
    return this.status === 0;
  }
}

export function problemFrom(status: number, body: unknown): ApiProblem {
  const problem = isRecord(body) ? body : {};
  const title = typeof problem.title === "string" ? problem.title : text.problem.untitled(status);
  const detail = typeof problem.detail === "string" ? problem.detail : "";
  const fields = Array.isArray(problem.errors) ? problem.errors.filter(isFieldError) : [];
  return new ApiProblem(status, title, detail, fields);
}

export function unreachable(): ApiProblem {
  return new ApiProblem(0, text.problem.unreachable, text.problem.unreachableDetail);
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or the problem thrown. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  return (await unwrapWithResponse(answer)).data;
}

export async function unwrapWithResponse<T>(
  answer: Promise<Answer<T>>,
): Promise<{ data: T; response: Response }> {
  const { data, error, response } = await answer.catch((cause: unknown) => {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw unreachable();
  });
  if (!response.ok) throw problemFrom(response.status, error);
  return { data: data as T, response };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value.field === "string" && typeof value.message === "string";
}
