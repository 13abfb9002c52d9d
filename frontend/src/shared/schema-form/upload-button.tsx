import { useMutation } from "@tanstack/react-query";
import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { uploadArtifact } from "@/shared/api/upload-artifact";
import { text } from "@/shared/text";
import { bytes } from "@/shared/time";
import { Button } from "@/shared/ui/button";

interface UploadButtonProps {
  /** Name of the field that gets the id. */
  label: string;
  onUploaded: (artifactId: string) => void;
}

/** Stores a file as an artifact and gives its id to the field. */
export function UploadButton({ label, onUploaded }: UploadButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  const upload = useMutation({
    mutationFn: uploadArtifact,
    onSuccess: (artifact) => onUploaded(artifact.artifact_id),
  });
  const note = upload.isError
    ? text.form.uploadFailed
    : upload.data
      ? text.form.uploaded(upload.data.name, bytes(upload.data.size))
      : "";
  return (
    <>
      <span role="status" className={upload.isError ? "text-xs text-bad" : "truncate text-xs text-ink-faint"}>
        {upload.isPending ? text.form.uploading : note}
      </span>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={`${text.form.upload}: ${label}`}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) upload.mutate(file);
          event.target.value = "";
        }}
      />
      <Button
        look="quiet"
        size="icon"
        aria-label={`${text.form.upload}: ${label}`}
        title={text.form.upload}
        disabled={upload.isPending}
        onClick={() => input.current?.click()}
      >
        <Paperclip aria-hidden className="size-3.5" />
      </Button>
    </>
  );
}
