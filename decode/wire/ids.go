package wire

import "github.com/dnssniff/dnssniff/decode/anomaly"

// The entries of the catalogue that the walk can see.
const (
	msgTooShort    anomaly.ID = 'H'<<8 | 1
	opcodeUnknown  anomaly.ID = 'H'<<8 | 4
	opcodeIQuery   anomaly.ID = 'H'<<8 | 5
	opcodeStatus   anomaly.ID = 'H'<<8 | 6
	qdcountZero    anomaly.ID = 'H'<<8 | 8
	qdcountMany    anomaly.ID = 'H'<<8 | 9
	countOverrun   anomaly.ID = 'H'<<8 | 10
	answerInQuery  anomaly.ID = 'H'<<8 | 11
	authInQuery    anomaly.ID = 'H'<<8 | 12
	rcodeInQuery   anomaly.ID = 'H'<<8 | 14
	zBit           anomaly.ID = 'H'<<8 | 15
	tcInQuery      anomaly.ID = 'H'<<8 | 16
	aaRAInQuery    anomaly.ID = 'H'<<8 | 17
	labelType01    anomaly.ID = 'N'<<8 | 1
	labelType10    anomaly.ID = 'N'<<8 | 2
	nameTooLong    anomaly.ID = 'N'<<8 | 4
	ptrLoop        anomaly.ID = 'N'<<8 | 5
	ptrForward     anomaly.ID = 'N'<<8 | 6
	ptrHeader      anomaly.ID = 'N'<<8 | 7
	ptrOutside     anomaly.ID = 'N'<<8 | 9
	ptrCut         anomaly.ID = 'N'<<8 | 10
	labelPastEnd   anomaly.ID = 'N'<<8 | 11
	noRoot         anomaly.ID = 'N'<<8 | 12
	chainDepth     anomaly.ID = 'N'<<8 | 14
	questionCut    anomaly.ID = 'R'<<8 | 1
	rrHeaderCut    anomaly.ID = 'R'<<8 | 2
	rdlenOverrun   anomaly.ID = 'R'<<8 | 3
	rdlenZero      anomaly.ID = 'R'<<8 | 4
	rdataSize      anomaly.ID = 'R'<<8 | 5
	rdataMismatch  anomaly.ID = 'R'<<8 | 6
	soaShort       anomaly.ID = 'R'<<8 | 7
	stringOverrun  anomaly.ID = 'R'<<8 | 8
	ptrForbidden   anomaly.ID = 'R'<<8 | 9
	svcbBad        anomaly.ID = 'R'<<8 | 10
	bitmapBad      anomaly.ID = 'R'<<8 | 11
	ttlMSB         anomaly.ID = 'R'<<8 | 14
	questionTypeRR anomaly.ID = 'R'<<8 | 19
	trailingBytes  anomaly.ID = 'R'<<8 | 21
	trailingOPT    anomaly.ID = 'R'<<8 | 22
	optOwner       anomaly.ID = 'O'<<8 | 1
	optMultiple    anomaly.ID = 'O'<<8 | 2
	optMisplaced   anomaly.ID = 'O'<<8 | 3
	ednsVersion    anomaly.ID = 'O'<<8 | 4
	ednsSize       anomaly.ID = 'O'<<8 | 7
	ednsZ          anomaly.ID = 'O'<<8 | 9
	optionOverrun  anomaly.ID = 'O'<<8 | 11
	optionTail     anomaly.ID = 'O'<<8 | 12
	cookieLength   anomaly.ID = 'O'<<8 | 14
	tsigMisplaced  anomaly.ID = 'T'<<8 | 1
	tsigMultiple   anomaly.ID = 'T'<<8 | 2
	tsigClassTTL   anomaly.ID = 'T'<<8 | 3
	tsigRDATA      anomaly.ID = 'T'<<8 | 4
)
