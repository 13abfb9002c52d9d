import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";

/**
 * Markdown as React elements: raw HTML in it stays text, and only safe addresses become links. Pictures from elsewhere
 * are not loaded: looking at an artifact tells nobody.
 */
export default function MarkdownPreview({ source }: { source: string }) {
  return (
    <div className="markdown">
      <Markdown
        remarkPlugins={[remarkGfm]}
        components={{
          a: ({ href, children }) => (
            <a href={href} target="_blank" rel="noreferrer noopener">
              {children}
            </a>
          ),
          img: ({ alt }) => <em>{alt}</em>,
        }}
      >
        {source}
      </Markdown>
    </div>
  );
}
