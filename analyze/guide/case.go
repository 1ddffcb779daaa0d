package guide

// Case is a page with what a capture has of it. Without a capture it is the page alone.
type Case struct {
	Page
	Evidence []Fact // for people; hostile: names and texts are as they were sent
	Fill     Fill   // for the page's commands
	File     int    // of the capture's files, the one that the packet in Fill is of
	Everyday bool   // nothing out of the ordinary: healthy captures have it, too
}

// Filled returns the page with its commands filled in.
func (c *Case) Filled() Page {
	p := c.Page
	if len(c.Fill) == 0 {
		return p
	}
	p.Sections = make([]Section, len(c.Sections))
	for i, s := range c.Sections {
		p.Sections[i] = Section{s.Title, c.Fill.Apply(s.Text)}
	}
	return p
}
