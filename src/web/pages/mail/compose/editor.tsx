import '@mantine/tiptap/styles.layer.css'
import { RichTextEditor } from '@mantine/tiptap'
import { Link } from '@tiptap/extension-link'
import { useEditor, type Editor as Tiptap } from '@tiptap/react'
import StarterKit from '@tiptap/starter-kit'
import { useEffect, useRef } from 'react'
import { compose as t } from '../../../text/en/mail-compose.ts'
import css from './compose.module.css'

/** Loaded with the composer only: it is the largest part of it. */
export interface EditorHandle {
  readonly insert: (html: string) => void
  readonly text: () => string
}
interface Props {
  readonly html: string
  readonly onChange: (html: string) => void
  readonly onReady: (handle: EditorHandle) => void
  readonly autofocus: boolean
  /** Ctrl or Command with Enter. */
  readonly onSend: () => void
}

export function Editor({ html, onChange, onReady, autofocus, onSend }: Props) {
  const told = useRef({ onChange, onSend, onReady })
  useEffect(() => {
    told.current = { onChange, onSend, onReady }
  })
  const editor = useEditor({
    extensions: [
      // A line across marks where a quote begins: the editor makes none.
      StarterKit.configure({
        link: false,
        codeBlock: false,
        horizontalRule: false,
        heading: { levels: [2, 3] },
      }),
      Link.configure({
        openOnClick: false,
        autolink: true,
        protocols: ['mailto', 'tel'],
        defaultProtocol: 'https',
      }),
    ],
    content: html,
    // What one answers with stands above the quote and the signature.
    autofocus: autofocus ? 'start' : false,
    shouldRerenderOnTransaction: true,
    editorProps: {
      attributes: {
        'aria-label': t.body,
        'aria-multiline': 'true',
        role: 'textbox',
        class: css['prose'] ?? '',
      },
      handleKeyDown: (_view, event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return false
        told.current.onSend()
        return true
      },
    },
    onCreate: ({ editor: made }) => told.current.onReady(handleOf(made)),
    onUpdate: ({ editor: now }) => told.current.onChange(now.getHTML()),
  })
  return (
    <RichTextEditor editor={editor} labels={t.toolbar} className={css['editor'] ?? ''} variant="subtle">
      <RichTextEditor.Toolbar className={css['toolbar'] ?? ''}>
        <RichTextEditor.ControlsGroup>
          <RichTextEditor.Bold />
          <RichTextEditor.Italic />
          <RichTextEditor.Underline />
          <RichTextEditor.Strikethrough />
        </RichTextEditor.ControlsGroup>
        <RichTextEditor.ControlsGroup>
          <RichTextEditor.BulletList />
          <RichTextEditor.OrderedList />
          <RichTextEditor.Blockquote />
          <RichTextEditor.H2 />
        </RichTextEditor.ControlsGroup>
        <RichTextEditor.ControlsGroup>
          <RichTextEditor.Link />
          <RichTextEditor.Unlink />
          <RichTextEditor.ClearFormatting />
        </RichTextEditor.ControlsGroup>
        <RichTextEditor.ControlsGroup>
          <RichTextEditor.Undo />
          <RichTextEditor.Redo />
        </RichTextEditor.ControlsGroup>
      </RichTextEditor.Toolbar>
      <RichTextEditor.Content />
    </RichTextEditor>
  )
}

const handleOf = (editor: Tiptap): EditorHandle => ({
  insert: (html) => editor.chain().focus('end').insertContent(html).run(),
  text: () => editor.getText(),
})
