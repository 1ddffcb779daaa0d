package guide

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	mdtext "github.com/yuin/goldmark/text"
)

// block is a piece of a page that stands on lines of its own.
type block struct {
	left  int    // columns before its text
	mark  string // stands before its first line: "-", "2."
	words []span // wrapped; nil for code
	code  string // one line, not wrapped
	space bool   // an empty line before it
}

// span is a text of one style.
type span struct {
	text  string
	style style
}

// blocks takes Markdown apart. Only what the pages use has a form of its own; anything else is shown as its text.
func blocks(source string) []block {
	raw := []byte(source)
	b := builder{source: raw}
	root := goldmark.DefaultParser().Parse(mdtext.NewReader(raw))
	b.children(root, 0)
	return b.out
}

type builder struct {
	source []byte
	out    []block
	mark   string // of the next block
	space  bool   // before the next block
}

func (b *builder) add(x block) {
	x.mark, x.space = b.mark, b.space
	b.mark, b.space = "", false
	b.out = append(b.out, x)
}

// children adds the blocks within a node, which begin at a column. Between two paragraphs, or a paragraph and code, is an empty line.
func (b *builder) children(n ast.Node, left int) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if c.PreviousSibling() != nil && !tight(n) {
			b.space = true
		}
		switch c := c.(type) {
		case *ast.List:
			b.list(c, left)
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			b.code(c, left)
		case *ast.ListItem, *ast.Blockquote:
			b.children(c, left)
		default:
			var words []span
			b.inline(c, plain, &words)
			if len(words) > 0 {
				b.add(block{left: left, words: words})
			}
		}
	}
}

// tight says that nothing stands between the blocks within a node: the items of a list, and what is in them where no empty line is.
func tight(n ast.Node) bool {
	if item, ok := n.(*ast.ListItem); ok {
		list, ok := item.Parent().(*ast.List)
		return ok && list.IsTight
	}
	return n.Kind() == ast.KindList
}

func (b *builder) list(l *ast.List, left int) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "-"
		if l.IsOrdered() {
			mark = strconv.Itoa(number) + "."
			number++
		}
		b.mark = mark
		b.children(item, left+len(mark)+1)
		b.mark = ""
	}
}

func (b *builder) code(n ast.Node, left int) {
	lines := n.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		b.add(block{left: left, code: strings.TrimRight(string(line.Value(b.source)), "\n")})
	}
}

// inline collects the texts within a node.
func (b *builder) inline(n ast.Node, st style, out *[]span) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			*out = append(*out, span{string(c.Segment.Value(b.source)), st})
			if c.SoftLineBreak() || c.HardLineBreak() {
				*out = append(*out, span{" ", st})
			}
		case *ast.String:
			*out = append(*out, span{string(c.Value), st})
		case *ast.CodeSpan:
			*out = append(*out, span{"`" + string(b.plainText(c)) + "`", accent})
		case *ast.Emphasis:
			b.inline(c, bold, out)
		case *ast.AutoLink:
			*out = append(*out, span{string(c.URL(b.source)), st})
		case *ast.RawHTML:
			for i := range c.Segments.Len() {
				s := c.Segments.At(i)
				*out = append(*out, span{string(s.Value(b.source)), st})
			}
		default:
			b.inline(c, st, out)
		}
	}
	if h, ok := n.(*ast.HTMLBlock); ok {
		for i := range h.Lines().Len() {
			s := h.Lines().At(i)
			*out = append(*out, span{string(s.Value(b.source)), st})
		}
	}
}

// plainText returns the text within a code span.
func (b *builder) plainText(n ast.Node) (out []byte) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			out = append(out, t.Segment.Value(b.source)...)
		}
	}
	return bytes.ReplaceAll(out, []byte("\n"), []byte(" "))
}
